// What all commands have in common: one line for wrong use, help that is complete.
#include <gtest/gtest.h>

#include "app/process.h"

namespace tinysplit::test {
namespace {

const std::vector<std::string> kCommands = {"inspect",  "operators", "infer",  "export", "profile",
                                            "plan",     "serve",     "device", "link",   "demo",
                                            "quantize", "evaluate",  "train",  "help",   "version"};

TEST(Usage, HelpListsEveryCommandAndEachHasAnExample) {
  const Finished help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.err, "");
  EXPECT_NE(help.out.find("Exit codes"), std::string::npos);
  for (const std::string& command : kCommands) {
    EXPECT_NE(help.out.find("\n  " + command + " "), std::string::npos) << command;
    const Finished own = run({command, "--help"});
    EXPECT_EQ(own.exit_code, 0) << command;
    EXPECT_NE(own.out.find("tinysplit " + command), std::string::npos) << command;
    EXPECT_NE(own.out.find("Example"), std::string::npos) << command;
  }
}

std::vector<std::string> help_lines(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

TEST(Usage, HelpFitsEightyColumnsAndHasNoTextOfTheLibrary) {
  std::vector<std::vector<std::string>> calls = {{"--help"}};
  for (const std::string& command : kCommands) calls.push_back({command, "--help"});
  for (const std::vector<std::string>& call : calls) {
    const std::string help = run(call).out;
    for (const std::string& line : help_lines(help)) EXPECT_LE(line.size(), 80u) << line;
    for (const char* noise :
         {"INT", "TEXT", "UINT", "FLOAT", " in [", "REQUIRED", "Excludes", "Needs"}) {
      EXPECT_EQ(help.find(noise), std::string::npos) << call.front() << ": " << noise;
    }
    EXPECT_NE(help.find("Usage: tinysplit"), std::string::npos) << call.front();
    EXPECT_NE(help.find("--log LEVEL"), std::string::npos) << call.front();
  }
  const std::string infer = run({"infer", "--help"}).out;
  EXPECT_NE(infer.find("Usage: tinysplit infer MODEL --input FILE"), std::string::npos) << infer;
  EXPECT_NE(infer.find("(default: 1)"), std::string::npos) << infer;
}

TEST(Usage, HelpAndVersionAreCommandsToo) {
  EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
  EXPECT_EQ(run({"help", "infer"}).out, run({"infer", "--help"}).out);
  EXPECT_EQ(run({"help", "infer"}).exit_code, 0);
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"-V"}, {"version"}, {"inspect", "-V"}}) {
    EXPECT_EQ(run(call).out, run({"--version"}).out);
    EXPECT_EQ(run(call).exit_code, 0);
  }
  expect_refused(run({"help", "infre"}), 2, "did you mean infer?");
}

TEST(Usage, ASlipIsNamedWithWhatWasMeant) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> slips = {
      {{"infr"}, "there is no command infr; did you mean infer?"},
      {{"evaluat", "m"}, "did you mean evaluate?"},
      {{"infer", "m", "--inptu", "x"},
       "tinysplit infer has no option --inptu; did you mean --input?"},
      {{"infer", "--thread=2"}, "no option --thread; did you mean --threads?"},
      {{"inspect", "m", "--lgo", "debug"}, "did you mean --log?"},
      {{"inspect", "m", "json"}, "\"json\" is one argument too many; did you mean --json?"},
      {{"inspect", "m", "n"}, "\"n\" is one argument too many: tinysplit inspect takes MODEL"},
      {{"--jsno"}, "tinysplit has no option --jsno"},
      {{"infer", "m", "--input"}, "--input needs a value"},
      {{"inspect"}, "MODEL is required"}};
  for (const auto& [call, part] : slips) {
    const Finished finished = run(call);
    expect_refused(finished, 2, part);
    EXPECT_NE(finished.err.find("ry tinysplit"), std::string::npos) << finished.err;
  }
}

TEST(Usage, OptionsOfTheProgramStandBehindTheCommandToo) {
  const Finished before = run({"--log", "off", "inspect", model_path("test_model")});
  const Finished behind = run({"inspect", model_path("test_model"), "--log", "off"});
  EXPECT_EQ(behind.exit_code, 0) << behind.err;
  EXPECT_EQ(behind.out, before.out);
  expect_refused(run({"inspect", model_path("test_model"), "--log", "loud"}), 2, "loud");
}

TEST(Usage, UnknownFlagIsNamedWithThePlaceOfHelp) {
  for (const std::string& command : kCommands) {
    const Finished finished = run({command, "--no-such-flag"});
    expect_refused(finished, 2, "tinysplit " + command + " --help");
  }
  expect_refused(run({"inspect", "--no-such-flag", "x"}), 2, "--no-such-flag");
}

TEST(Usage, UnknownOrMissingCommandIsRefused) {
  expect_refused(run({"explode"}), 2, "there is no command explode");
  expect_refused(run({}), 2, "a command is required");
}

TEST(Usage, UnknownLogLevelIsRefused) {
  expect_refused(run({"--log", "loud", "inspect", model_path("test_model")}), 2, "loud");
}

TEST(Usage, VersionIsOneLine) {
  const Finished finished = run({"--version"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(finished.out.starts_with("tinysplit ")) << finished.out;
}

TEST(Usage, FullDiskUnderHelpIsAnError) {
  expect_refused(run({"--help"}, "/dev/full"), 1, "cannot write");
}

}  // namespace
}  // namespace tinysplit::test
