# tinysplit_library(<folder> [COLD] [PARTS subfolder...] [PUBLIC lib...] [PRIVATE lib...]
#                   [PCH header...])
# One static library for one folder of src/: tinysplit_<folder with _ for />, of all its .cpp files;
# a folder without any only gathers its PUBLIC libraries. What every file reads of the standard library
# is precompiled once, in tinysplit_core; a folder that names headers has its own, with those besides.
# COLD: no time to speak of is spent in it, see tinysplit_quick_build.
set(TINYSPLIT_STANDARD_HEADERS
    <algorithm> <array> <cmath> <cstddef> <cstdint> <cstring> <functional> <limits> <map>
    <memory> <optional> <span> <string> <string_view> <unordered_map> <unordered_set> <utility>
    <variant> <vector>)

function(tinysplit_library folder)
  cmake_parse_arguments(ARG "COLD" "" "PARTS;PUBLIC;PRIVATE;PCH" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  foreach(part ${ARG_PARTS})
    file(GLOB part_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/${part}/*.cpp)
    list(APPEND sources ${part_sources})
  endforeach()
  if(NOT sources)
    add_library(tinysplit_${name} INTERFACE)
    target_link_libraries(tinysplit_${name} INTERFACE ${ARG_PUBLIC})
    return()
  endif()
  add_library(tinysplit_${name} STATIC ${sources})
  target_include_directories(tinysplit_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(tinysplit_${name} PUBLIC ${ARG_PUBLIC} PRIVATE tinysplit_options ${ARG_PRIVATE})
  if(ARG_COLD)
    tinysplit_quick_build(tinysplit_${name} ${ARG_PCH})
  elseif(TINYSPLIT_PCH)
    if(ARG_PCH OR folder STREQUAL "core")
      target_precompile_headers(tinysplit_${name} PRIVATE ${TINYSPLIT_STANDARD_HEADERS} ${ARG_PCH})
    else()
      target_precompile_headers(tinysplit_${name} REUSE_FROM tinysplit_core)
    endif()
  endif()
endfunction()

# tinysplit_quick_build(<target> [REUSE_FROM target] [header...]): for code in which no time is spent.
# Precompiles the headers, or takes those of another such target (of one with other optimisation, the
# compiler crashes), and optimises only a little, which takes a third less time.
function(tinysplit_quick_build target)
  cmake_parse_arguments(ARG "" "REUSE_FROM" "" ${ARGN})
  if(TINYSPLIT_PCH AND ARG_REUSE_FROM)
    target_precompile_headers(${target} REUSE_FROM ${ARG_REUSE_FROM})
  elseif(TINYSPLIT_PCH)
    target_precompile_headers(${target} PRIVATE ${TINYSPLIT_STANDARD_HEADERS}
                              ${ARG_UNPARSED_ARGUMENTS})
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

# tinysplit_test(<folder> lib...): one test program of tests/<folder>/*_test.cpp.
function(tinysplit_test folder)
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(tinysplit_${name}_test ${sources})
  target_include_directories(tinysplit_${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(tinysplit_${name}_test PRIVATE
      TINYSPLIT_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
      TINYSPLIT_BINARY="$<TARGET_FILE:tinysplit>")
  target_link_libraries(tinysplit_${name}_test PRIVATE tinysplit_options ${ARGN} GTest::gtest_main)
  set(headers <gtest/gtest.h>)
  if(ARGN MATCHES nlohmann_json)
    list(APPEND headers <nlohmann/json.hpp>)
  endif()
  tinysplit_quick_build(tinysplit_${name}_test ${headers})
  set(environment "")
  if(TINYSPLIT_SANITIZE MATCHES thread)
    set(environment ENVIRONMENT
        "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.suppressions")
  endif()
  gtest_discover_tests(tinysplit_${name}_test
      PROPERTIES TIMEOUT 300 ${environment}
      DISCOVERY_TIMEOUT 120)
endfunction()
