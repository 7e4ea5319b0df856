#include "model_input.h"

#include <string>
#include <vector>

namespace tinysplit {

void add_reading_options(CLI::App& command, ReadOptions& options) {
  command
      .add_option_function<std::vector<std::string>>(
          "--input-shape",
          [&options](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const Status added = options.sizes.add(text);
              if (!added.ok()) throw CLI::ValidationError("--input-shape", added.message());
            }
          },
          "Sizes that the file leaves open: 1,224,224,3, or of one input of several "
          "image=1,224,224,3, or one by its name in the file height=224; may be repeated")
      ->allow_extra_args(false);
}

}  // namespace tinysplit
