#include "dataset_input.h"

#include <cstdio>
#include <memory>

#include "evaluation/image_feed.h"
#include "report/progress.h"

namespace tinysplit {

Result<LabelledImages> load_images_for(const Graph& graph, const std::string& data, Split split,
                                       std::size_t limit) {
  DatasetOptions options;
  TINYSPLIT_ASSIGN_OR_RETURN(options.size, image_size_of(graph));
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
  for (const std::string& skipped : images.skipped) {
    std::fprintf(stderr, "tinysplit: left out %s\n", skipped.c_str());
  }
  if (images.size() == 0) return invalid_argument(data + " holds no image that can be read");
  return images;
}

}  // namespace tinysplit
