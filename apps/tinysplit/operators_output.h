#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "formats/operator_survey.h"

namespace tinysplit {

// What the readers support, in the forms in which `tinysplit operators` prints it.
std::string to_table(const std::vector<OperatorList>& lists);
std::string to_markdown(const std::vector<OperatorList>& lists);  // docs/operators.md
std::string to_json(const std::vector<OperatorList>& lists);

// A layer that is read but that the engine cannot run.
struct LayerWithoutKernel {
  std::string name;
  std::string kind;
  std::string reason;
};

// What they say of one model; `loads` is what reading it and making its kernels came to.
struct ModelReport {
  std::string file;
  ModelOperators operators;
  std::vector<LayerWithoutKernel> without_kernel;
  Status loads;
};
std::string to_table(const ModelReport& report, const std::vector<OperatorList>& lists);
std::string to_json(const ModelReport& report, const std::vector<OperatorList>& lists);

}  // namespace tinysplit
