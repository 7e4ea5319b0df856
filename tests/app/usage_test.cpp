// What all commands have in common: one line for wrong use, help that is complete.
#include <gtest/gtest.h>

#include "app/process.h"

namespace tinysplit::test {
namespace {

const std::vector<std::string> kCommands = {"inspect",  "operators", "infer",  "export", "profile",
                                            "plan",     "serve",     "device", "link",   "demo",
                                            "quantize", "evaluate",  "train"};

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
