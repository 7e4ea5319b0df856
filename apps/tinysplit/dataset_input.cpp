#include "dataset_input.h"

#include <cstdio>
#include <memory>

#include "datasets/array_block.h"
#include "evaluation/image_input.h"
#include "evaluation/model_classes.h"
#include "report/progress.h"

namespace tinysplit {

Result<LabelledImages> load_data_for(const Graph& graph, const Preprocessing& preprocessing,
                                     const std::string& data, Split split, std::size_t limit) {
  DatasetOptions options;
  const Result<ImageInput> input = image_input_of(graph, preprocessing);
  const bool are_arrays = holds_samples(data);
  if (!input.ok() && !are_arrays) return input.status();
  if (input.ok()) {
    options.size = input->size();
    options.image = preprocessing.image;
  }
  if (graph.inputs().size() == 1) {
    const auto dims = graph.value(graph.inputs()[0]).shape.dims();
    if (!dims.empty()) options.sample_dims.assign(dims.begin() + 1, dims.end());
  }
  options.needs_labels = false;
  options.max_images = limit;
  options.skip_bad_images = true;
  options.min_classes = 1;
  std::unique_ptr<Progress> progress;
  options.on_image = [&](std::size_t, std::size_t total) {
    if (!progress) {
      progress =
          std::make_unique<Progress>("reading " + data, static_cast<std::int64_t>(total), "images");
    }
    progress->advance();
  };
  TINYSPLIT_ASSIGN_OR_RETURN(LabelledImages images, open_dataset(data, split, options));
  progress.reset();
  for (const std::string& note : images.notes) {
    std::fprintf(stderr, "tinysplit: note: %s\n", note.c_str());
  }
  for (const std::string& skipped : images.skipped) {
    std::fprintf(stderr, "tinysplit: left out %s\n", skipped.c_str());
  }
  for (const std::string& note : images.notes) {
    std::fprintf(stderr, "tinysplit: note: %s: %s\n", data.c_str(), note.c_str());
  }
  if (images.size() == 0) return invalid_argument(data + " holds no image that can be read");
  return images;
}

Status match_classes_of(const Graph& graph, const std::vector<std::string>& labels,
                        const std::string& data, LabelledImages& images) {
  const Result<ClassMatch> match = number_as_model(graph, labels, images);
  if (!match.ok()) return match.status().with_context(data);
  if (!match->note.empty()) std::fprintf(stderr, "tinysplit: note: %s\n", match->note.c_str());
  return ok_status();
}

}  // namespace tinysplit
