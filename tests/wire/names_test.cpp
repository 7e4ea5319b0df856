#include "wire/names.h"

#include <gtest/gtest.h>

#include <string>

namespace tinysplit {
namespace {

TEST(Names, AcceptsWhatClientsUse) {
  for (const char* name : {"device-1", "device_01", "test_model", "mobilenet_v1_0.25", "a", "7"}) {
    EXPECT_TRUE(check_device_id(name).ok()) << name;
    EXPECT_TRUE(check_model_name(name).ok()) << name;
  }
  EXPECT_TRUE(check_device_id(std::string(64, 'x')).ok());
}

TEST(Names, RejectsWhatCouldLeaveAFolder) {
  for (const std::string& name :
       {std::string(), std::string(".."), std::string("."), std::string(".hidden"),
        std::string("a/b"), std::string("../a"), std::string("a\\b"), std::string("a b"),
        std::string("a\n"), std::string("a\0b", 3), std::string("\xc3\xa4"), std::string("-rf"),
        std::string(65, 'x')}) {
    EXPECT_EQ(check_device_id(name).code(), StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(check_model_name(name).code(), StatusCode::kInvalidArgument) << name;
  }
}

TEST(Names, SayWhichFieldIsWrongWithoutRepeatingIt) {
  const Status status = check_model_name("<script>");
  EXPECT_NE(status.message().find("model_name"), std::string::npos);
  EXPECT_EQ(status.message().find("script"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
