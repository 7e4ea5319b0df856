#include "model_input.h"

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace tinysplit {
namespace {

constexpr const char* kOption = "--input-shape";

void add_option(CLI::App& command, const std::string& description,
                const std::function<Status(const std::string&)>& take) {
  command
      .add_option_function<std::vector<std::string>>(
          kOption,
          [take](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const Status taken = take(text);
              if (!taken.ok()) throw CLI::ValidationError(kOption, taken.message());
            }
          },
          description)
      ->allow_extra_args(false);
}

}  // namespace

void add_reading_options(CLI::App& command, ReadOptions& options) {
  add_option(command,
             "Sizes that the file leaves open: 1,224,224,3, or of one input of several "
             "image=1,224,224,3, or one by its name in the file height=224; may be repeated",
             [&options](const std::string& text) { return options.sizes.add(text); });
  command.add_option("--signature", options.signature,
                     "Of a TensorFlow Lite model with several: the signature to read");
  options.note = [](const std::string& text) { std::fprintf(stderr, "note: %s\n", text.c_str()); };
}

void add_reading_options(CLI::App& command,
                         std::map<std::string, ReadOptions, std::less<>>& options) {
  add_option(command,
             "Sizes that the file of a model leaves open: MODEL:1,224,224,3 or "
             "MODEL:image=1,224,224,3; may be repeated",
             [&options](const std::string& text) -> Status {
               const std::size_t colon = text.find(':');
               if (colon == std::string::npos || colon == 0) {
                 return invalid_argument("\"" + text +
                                         "\" does not begin with the name of a model "
                                         "and a colon, as in unet:1,224,224,3");
               }
               return options[text.substr(0, colon)].sizes.add(text.substr(colon + 1));
             });
}

}  // namespace tinysplit
