#include "graph/input_sizes.h"

#include <gtest/gtest.h>

namespace tinysplit {
namespace {

Result<std::vector<Shape>> close(const std::vector<DeclaredInput>& inputs,
                                 const std::vector<std::string>& texts) {
  InputSizes sizes;
  for (const std::string& text : texts) TINYSPLIT_RETURN_IF_ERROR(sizes.add(text));
  return close_input_shapes(inputs, sizes);
}

DeclaredInput image() { return {"image", true, {kOpenSize, kOpenSize, kOpenSize, 3}, {}, false}; }

DeclaredInput named(std::string name, const std::string& length) {
  return {std::move(name), true, {kOpenSize, kOpenSize, 8}, {"N", length}, false};
}

void expect_shapes(const Result<std::vector<Shape>>& shapes, const std::vector<Shape>& wanted) {
  ASSERT_TRUE(shapes.ok()) << shapes.status().to_string();
  EXPECT_EQ(*shapes, wanted);
}

void expect_message(const Result<std::vector<Shape>>& shapes, const std::string& part) {
  ASSERT_FALSE(shapes.ok()) << part;
  EXPECT_NE(shapes.status().message().find(part), std::string::npos) << shapes.status().message();
}

TEST(InputSizes, CloseWhatTheFileLeavesOpen) {
  for (const char* text :
       {"1,32,48,3", "1x32x48x3", "32,48,3", "image=1,32,48,3", "image=32x48x3"}) {
    expect_shapes(close({image()}, {text}), {Shape{1, 32, 48, 3}});
  }
  expect_shapes(close({image()}, {"2,32,48,3"}), {Shape{2, 32, 48, 3}});
  expect_shapes(close({named("a", "T"), named("b", "T")}, {"T=5"}),
                {Shape{1, 5, 8}, Shape{1, 5, 8}});
  expect_shapes(close({named("a", "T"), named("b", "U")}, {"U=6", "a=1,7,8", "N=2"}),
                {Shape{1, 7, 8}, Shape{2, 6, 8}});
  expect_shapes(close({{"x", false, {}, {}, false}}, {"4,5"}), {Shape{4, 5}});
  // A name that holds what separates name and sizes.
  expect_shapes(close({{"a=b,1", true, {1, kOpenSize}, {}, false}}, {"a=b,1=1,3"}), {Shape{1, 3}});
}

TEST(InputSizes, ABatchThatIsNotStatedIsOne) {
  expect_shapes(close({{"x", true, {kOpenSize, 4}, {}, true}}, {}), {Shape{1, 4}});
  // The same name stands for the batch wherever it is.
  expect_shapes(close({{"x", true, {kOpenSize, 4}, {"N"}, false},
                       {"y", true, {3, kOpenSize}, {"", "N"}, false}},
                      {}),
                {Shape{1, 4}, Shape{3, 1}});
}

TEST(InputSizes, SayWhatIsOpenAndHowToStateIt) {
  expect_message(close({image()}, {}),
                 "input \"image\": [?,?,?,3] leaves sizes open; state them, such as --input-shape "
                 "1,224,224,3");
  expect_message(close({named("a", "T"), image()}, {"a=2,8"}), "--input-shape image=1,224,224,3");
  expect_message(close({named("a", "T"), named("b", "T")}, {"a=2,8"}), "[N,T,8]");
  expect_message(close({{"x", false, {}, {}, false}}, {}), "has no shape in the file");
}

TEST(InputSizes, RefuseWhatDoesNotFit) {
  expect_message(close({image()}, {"1,32,48,4"}), "does not fit [?,?,?,3]");
  expect_message(close({image()}, {"1,1,32,48,3"}), "does not fit");
  expect_message(close({{"x", true, {1, 4}, {}, false}}, {"1,5"}), "does not fit [1,4]");
  expect_message(close({{"x", true, {kOpenSize, 4}, {}, true}}, {"2,4"}), "batch");
  expect_message(close({image()}, {"imgae=1,32,48,3"}), "did you mean image?");
  expect_message(close({named("a", "T"), named("b", "T")}, {"1,2,8"}), "name the one meant, a=");
  expect_message(close({named("a", "T")}, {"T=1,2"}), "T is one size");
  expect_message(close({named("a", "T")}, {"other=1,2,8"}), "no input of that name; it has a=");
  expect_message(close({image()}, {"268435456,268435456,268435456,3"}), "image");
}

TEST(InputSizes, RefuseWhatIsNoShape) {
  for (const char* text : {"", ",", "1,", "1,,2", "a", "x=", "=1", "1,-2", "0", "1,2 ", "1.5",
                           "1;2", "99999999999999999999", "268435457", "1,1,1,1,1,1,1,1,1"}) {
    expect_message(close({image()}, {text}), "\"" + std::string(text) + "\"");
  }
  expect_message(close({image()}, {"1,2,3,3", "1,2,3,3"}), "twice");
}

}  // namespace
}  // namespace tinysplit
