#include "datasets/class_match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tinysplit {
namespace {

using Names = std::vector<std::string>;
using Indices = std::vector<std::int32_t>;
using Basis = ClassMatch::Basis;

const Names kLabels = {"t-shirt", "trouser", "ankle_boot", "bag"};

TEST(MatchClasses, NamesDecideInAnyOrderAndOfAnySubset) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 200; ++trial) {
    Names data = kLabels;
    std::ranges::shuffle(data, random);
    data.resize(1 + random() % data.size());
    std::ranges::sort(data);  // as folders are
    const auto match = match_classes(data, ClassNumbers::kOfNames, kLabels, kLabels.size());
    ASSERT_TRUE(match.ok()) << match.status().message();
    EXPECT_EQ(match->basis, Basis::kNames);
    EXPECT_EQ(match->note, "");
    for (std::size_t i = 0; i < data.size(); ++i) {
      EXPECT_EQ(kLabels[std::size_t(match->model_class[i])], data[i]);
    }
  }
}

TEST(MatchClasses, StyleAndNumbersInFrontMakeNoDifferenceUnlessTheyHaveTo) {
  const auto indices = [](const Names& data, const Names& labels) {
    const auto match = match_classes(data, ClassNumbers::kOfNames, labels, labels.size());
    return match.ok() ? match->model_class : Indices{};
  };
  EXPECT_EQ(indices({"Ankle Boot", "Bag", "T-Shirt"}, kLabels), (Indices{2, 3, 0}));
  EXPECT_EQ(indices({"00_t-shirt", "03_bag"}, kLabels), (Indices{0, 3}));
  EXPECT_EQ(indices({"bag"}, {"1 shoe", "2 bag"}), (Indices{1}));
  EXPECT_EQ(indices({"Cat", "cat"}, {"cat", "Cat"}), (Indices{1, 0}));
  EXPECT_EQ(indices({"CAT"}, {"cat", "Cat"}), Indices{});
  EXPECT_EQ(indices({"CAT", "cat "}, {"cat", "dog"}), Indices{});
  EXPECT_EQ(indices({"crane"}, {"crane", "dog", "crane"}), Indices{});
}

TEST(MatchClasses, FoldersNamedByNumbersAreNumbersWhereLabelsHaveNames) {
  const auto match = match_classes({"0", "10", "2"}, ClassNumbers::kOfNames,
                                   {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}, 11);
  ASSERT_TRUE(match.ok());
  EXPECT_EQ(match->model_class, (Indices{0, 10, 2}));
  EXPECT_EQ(match->basis, Basis::kNumbers);
  EXPECT_NE(match->note.find("by their numbers"), std::string::npos);
  // Where the labels are such numbers, they are names.
  const auto named = match_classes({"1", "10", "2"}, ClassNumbers::kOfNames, {"1", "2", "10"}, 3);
  EXPECT_EQ(named->model_class, (Indices{0, 2, 1}));
}

TEST(MatchClasses, NumbersOfTheDataNeedNoNames) {
  const auto match = match_classes({"0", "1"}, ClassNumbers::kAlone, kLabels, 4);
  EXPECT_EQ(match->model_class, (Indices{0, 1}));
  EXPECT_EQ(match->note, "");
  EXPECT_FALSE(match_classes({"0", "1", "2", "3", "4"}, ClassNumbers::kAlone, kLabels, 4).ok());
  const auto other = match_classes({"x", "y"}, ClassNumbers::kOfData, kLabels, 4);
  EXPECT_EQ(other->model_class, (Indices{0, 1}));
  EXPECT_NE(other->note, "");
  EXPECT_EQ(match_classes({"bag", "trouser"}, ClassNumbers::kOfData, kLabels, 4)->model_class,
            (Indices{3, 1}));
}

TEST(MatchClasses, AnOrderThatCannotBeKnownIsSaid) {
  const auto match = match_classes({"a", "b"}, ClassNumbers::kOfNames, {}, 2);
  EXPECT_EQ(match->model_class, (Indices{0, 1}));
  EXPECT_EQ(match->basis, Basis::kOrder);
  EXPECT_NE(match->note.find("labels.txt"), std::string::npos);
  // Alphabetical as Keras trains, or by number? As many as the model has: said.
  Names folders;
  for (int i = 0; i < 11; ++i) folders.push_back(std::to_string(i));
  EXPECT_EQ(match_classes(folders, ClassNumbers::kOfNames, {}, 11)->note, "");
  std::ranges::sort(folders);
  const auto numbered = match_classes(folders, ClassNumbers::kOfNames, {}, 11);
  EXPECT_EQ(numbered->model_class[2], 2);
  EXPECT_NE(numbered->note, "");
  const auto some = match_classes({"1", "10"}, ClassNumbers::kOfNames, {}, 11);
  EXPECT_EQ(some->model_class, (Indices{1, 10}));
}

TEST(MatchClasses, SaysWhatDoesNotFit) {
  const auto message = [](const Names& data, const Names& labels, std::size_t outputs) {
    const auto match = match_classes(data, ClassNumbers::kOfNames, labels, outputs);
    return match.ok() ? std::string() : match.status().message();
  };
  EXPECT_NE(message({"bag", "hat"}, kLabels, 4).find("\"hat\""), std::string::npos);
  EXPECT_EQ(message({"bag", "hat"}, kLabels, 4).find("for \"bag\""), std::string::npos);
  EXPECT_NE(message({"bag"}, kLabels, 10).find("names 4 classes"), std::string::npos);
  EXPECT_NE(message({"a", "b"}, {}, 10).find("labels.txt"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
