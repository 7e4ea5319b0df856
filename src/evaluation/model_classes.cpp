#include "evaluation/model_classes.h"

#include "evaluation/class_of_output.h"

namespace tinysplit {
namespace {

// The number of classes that the model scores: of several outputs, that of the one which fits.
std::size_t classes_of(const Graph& graph, std::size_t labels, std::size_t data) {
  for (const std::size_t count : {labels, data}) {
    if (count > 0 && find_scores(graph, count).ok()) return count;
  }
  return count_classes(graph);
}

}  // namespace

Result<ClassMatch> number_as_model(const Graph& graph, const std::vector<std::string>& labels,
                                   LabelledImages& images) {
  const std::size_t count = classes_of(graph, labels.size(), images.classes.size());
  TINYSPLIT_ASSIGN_OR_RETURN(ClassMatch match,
                             match_classes(images.classes, images.class_numbers, labels, count));
  std::vector<std::string> names = labels;
  if (names.empty()) {
    for (std::size_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
    for (std::size_t i = 0; i < images.classes.size(); ++i) {
      names[static_cast<std::size_t>(match.model_class[i])] = images.classes[i];
    }
  }
  for (std::int32_t& label : images.labels) {
    label = match.model_class[static_cast<std::size_t>(label)];
  }
  images.classes = std::move(names);
  images.class_numbers = ClassNumbers::kOfData;
  return match;
}

}  // namespace tinysplit
