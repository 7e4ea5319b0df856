#include "training/model_data.h"

namespace tinysplit::training {
namespace {

// Nothing where the data have no such part.
Result<std::optional<LabelledImages>> open_part(const std::string& name, Split split,
                                                const DatasetOptions& options) {
  Result<LabelledImages> part = open_dataset(name, split, options);
  if (part.ok()) {
    make_float32(*part);
    return std::optional(std::move(*part));
  }
  if (part.status().code() == StatusCode::kNotFound) return std::optional<LabelledImages>();
  return part.status();
}

}  // namespace

Result<ModelData> ModelData::load(const std::string& name_or_folder,
                                  const DatasetOptions& options) {
  ModelData data;
  TINYSPLIT_ASSIGN_OR_RETURN(data.train_, open_dataset(name_or_folder, Split::kTrain, options));
  make_float32(data.train_);
  TINYSPLIT_ASSIGN_OR_RETURN(data.validation_,
                             open_part(name_or_folder, Split::kValidation, options));
  TINYSPLIT_ASSIGN_OR_RETURN(data.test_, open_part(name_or_folder, Split::kTest, options));
  return data;
}

std::vector<std::string> ModelData::skipped() const {
  std::vector<std::string> all = train_.skipped;
  for (const auto* part : {&validation_, &test_}) {
    if (*part) all.insert(all.end(), (*part)->skipped.begin(), (*part)->skipped.end());
  }
  return all;
}

}  // namespace tinysplit::training
