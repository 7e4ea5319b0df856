# shellcheck shell=bash
# Sourced by the scripts beside it: where the project is, and how to run a long step quietly.

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
log_dir="$root/build/logs"

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$(basename -- "$0"): $*"
  exit 1
}

# "75 s" or "3 min 5 s" since the given value of SECONDS.
elapsed_since() {
  local s=$((SECONDS - $1))
  if ((s < 100)); then
    printf '%d s' "$s"
  else
    printf '%d min %d s' $((s / 60)) $((s % 60))
  fi
}

# The place that a build or test run in progress has reached: "120/400" or nothing.
place_in_log() {
  tail -c 4000 -- "$1" 2>/dev/null | tr '\r' '\n' |
    sed -nE 's@^\[ *([0-9]+/[0-9]+)\].*@\1@p; s@^ *([0-9]+/[0-9]+) Test +#.*@\1@p' | tail -n 1
}

# step LABEL LOG COMMAND...: runs the command with its output in build/logs/LOG. On a terminal a line
# shows how far it is, elsewhere one line a minute does; if it fails, the end of its log is shown.
step() {
  local label=$1 log="$log_dir/$2"
  shift 2
  mkdir -p -- "$log_dir"
  local start=$SECONDS ticks=0 status=0 pid
  # A process group of its own (set -m), so that an interrupt ends all that the command started.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -- "-$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    if [[ -t 2 ]]; then
      if ((ticks % 5 == 4)); then
        printf '\r\033[K%s ... %s  %s' "$label" "$(place_in_log "$log")" "$(elapsed_since "$start")" >&2
      fi
    elif ((ticks % 600 == 599)); then
      say "$label ... $(place_in_log "$log")  $(elapsed_since "$start")"
    fi
    ticks=$((ticks + 1))
    sleep 0.1
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
  if ((status != 0)); then
    tail -n "${TINYSPLIT_LOG_LINES:-60}" -- "$log" >&2 || true
    say "$label: failed after $(elapsed_since "$start"); the whole output is in $log"
    return "$status"
  fi
  # What takes no time is not worth a line: a second run should look as if there was nothing to do.
  ((SECONDS - start < 2)) || say "$label: done in $(elapsed_since "$start")"
}

# Compilers at work together: one a processor, but not more than memory allows (some need 1.5 GB).
num_jobs() {
  local processors memory_kb by_memory
  processors=$(nproc)
  memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kb / 1500000))
  ((by_memory > 0)) || by_memory=1
  echo $((processors < by_memory ? processors : by_memory))
}

# configure PRESET: only where it was not done, or where the checkout has moved since.
configure() {
  local dir="$root/build/$1" home=''
  if [[ -f "$dir/CMakeCache.txt" ]]; then
    home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt")
    [[ "$home" == "$root" ]] || rm -rf -- "$dir/CMakeCache.txt" "$dir/CMakeFiles"
  fi
  [[ -f "$dir/build.ninja" && "$home" == "$root" ]] ||
    step "Configuring $1" "configure-$1.log" cmake -S "$root" --preset "$1"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  step "Building $preset" "build-$preset.log" \
    cmake --build "$root/build/$preset" --parallel "$(num_jobs)" ${1:+--target "$@"}
}
