#include "training/recipe.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/keras/json_text.h"

namespace tinysplit::training {
namespace {

using Json = nlohmann::ordered_json;

// Calls visit(key, field) for every field of a recipe.
template <typename SomeRecipe, typename Visitor>
void visit_fields(SomeRecipe& recipe, const Visitor& visit) {
  visit("name", recipe.name);
  visit("arch", recipe.architecture);
  visit("dataset", recipe.dataset);
  visit("input", recipe.input);
  visit("weights", recipe.weights);
  visit("epochs", recipe.epochs);
  visit("batch", recipe.batch);
  visit("learning-rate", recipe.learning_rate);
  visit("optimizer", recipe.optimizer);
  visit("momentum", recipe.momentum);
  visit("weight-decay", recipe.weight_decay);
  visit("clip-norm", recipe.clip_norm);
  visit("schedule", recipe.schedule);
  visit("warmup", recipe.warmup_epochs);
  visit("final-rate", recipe.final_rate);
  visit("step-epochs", recipe.step_epochs);
  visit("step-factor", recipe.step_factor);
  visit("label-smoothing", recipe.label_smoothing);
  visit("class-weights", recipe.class_weights);
  visit("augment", recipe.augment);
  visit("validation", recipe.validation);
  visit("patience", recipe.patience);
  visit("seed", recipe.seed);
  visit("threads", recipe.threads);
  visit("skip-bad-images", recipe.skip_bad_images);
}

Json json_of(const Recipe& recipe) {
  Json json = Json::object();
  visit_fields(recipe, [&](const char* key, const auto& field) { json[key] = field; });
  return json;
}

bool read_field(const keras::Json& json, std::string& field) {
  if (json.is_string()) field = json.get<std::string>();
  return json.is_string();
}

bool read_field(const keras::Json& json, std::int64_t& field) {
  if (json.is_number_integer()) field = json.get<std::int64_t>();
  return json.is_number_integer();
}

bool read_field(const keras::Json& json, double& field) {
  if (json.is_number()) field = json.get<double>();
  return json.is_number();
}

bool read_field(const keras::Json& json, bool& field) {
  if (json.is_boolean()) field = json.get<bool>();
  return json.is_boolean();
}

bool read_field(const keras::Json& json, std::vector<double>& field) {
  if (!json.is_array()) return false;
  for (const keras::Json& element : json) {
    if (!read_field(element, field.emplace_back())) return false;
  }
  return true;
}

// Written so that NaN fails too.
bool is_within(double value, double low, double high) { return value >= low && value <= high; }

Status check_numbers(const Recipe& recipe) {
  if (recipe.epochs < 1 || recipe.epochs > 1'000'000) {
    return invalid_argument("epochs must be from 1 to 1,000,000");
  }
  if (recipe.batch < 1 || recipe.batch > 65'536) {
    return invalid_argument("a batch must have from 1 to 65,536 images");
  }
  if (!is_within(recipe.warmup_epochs, 0.0, 1e6)) {
    return invalid_argument("the epochs to warm up in must be at least 0");
  }
  if (!is_within(recipe.label_smoothing, 0.0, 1.0)) {
    return invalid_argument("label smoothing must be from 0 to 1");
  }
  for (const double epoch : recipe.step_epochs) {
    if (!is_within(epoch, 0.0, 1e6)) {
      return invalid_argument("the epochs of steps of the learning rate must be at least 0");
    }
  }
  return ok_status();
}

}  // namespace

std::string recipe_text(const Recipe& recipe) {
  return json_of(recipe).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Recipe> parse_recipe(std::string_view text) {
  TINYSPLIT_ASSIGN_OR_RETURN(const keras::Json json, keras::parse_json(text));
  Recipe recipe;
  std::string wrong;
  visit_fields(recipe, [&](const char* key, auto& field) {
    // Recipes of older checkpoints have none.
    const std::string_view name = key;
    const bool is_newer = name == "weights" || name == "class-weights";
    if (is_newer && json.is_object() && !json.contains(key)) return;
    if (!read_field(keras::member(json, key), field) && wrong.empty()) wrong = key;
  });
  if (!wrong.empty()) return invalid_argument("the recipe's \"" + wrong + "\" is malformed");
  return recipe;
}

std::string shell_word(const std::string& word) {
  const bool is_plain = word.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "._-/=,:+@") == std::string::npos;
  if (is_plain && !word.empty()) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string recipe_arguments(const Recipe& recipe) {
  const Json made = json_of(recipe);
  const Json defaults = json_of(Recipe{});
  std::string text;
  for (const auto& [key, value] : made.items()) {
    if (key == "name" || value == defaults.at(key)) continue;
    text += " --" + key;
    if (value.is_string()) text += " " + shell_word(value.get<std::string>());
    if (value.is_number()) text += " " + value.dump();
    if (!value.is_array()) continue;
    for (const Json& element : value) text += " " + element.dump();
  }
  return text;
}

std::string first_difference(const Recipe& made_with, const Recipe& given,
                             const std::vector<std::string>& keys) {
  const Json before = json_of(made_with);
  const Json now = json_of(given);
  for (const std::string& key : keys) {
    if (before.at(key) != now.at(key)) {
      return key + " is " + before.at(key).dump() + ", not " + now.at(key).dump();
    }
  }
  return {};
}

Result<TrainingOptions> training_options(const Recipe& recipe) {
  TINYSPLIT_RETURN_IF_ERROR(check_numbers(recipe));
  TrainingOptions options;
  options.epochs = recipe.epochs;
  options.patience = recipe.patience;
  TINYSPLIT_ASSIGN_OR_RETURN(options.optimizer.kind, optimizer_of(recipe.optimizer));
  options.optimizer.momentum =
      options.optimizer.kind == OptimizerKind::kSgd ? recipe.momentum : 0.0;
  options.optimizer.weight_decay = recipe.weight_decay;
  options.optimizer.clip_norm = recipe.clip_norm;
  TINYSPLIT_ASSIGN_OR_RETURN(options.schedule.kind, schedule_of(recipe.schedule));
  options.schedule.rate = recipe.learning_rate;
  options.schedule.warmup_epochs = recipe.warmup_epochs;
  options.schedule.final_rate = recipe.final_rate;
  options.schedule.factor = recipe.step_factor;
  options.schedule.boundaries = recipe.step_epochs;
  options.batches.batch = recipe.batch;
  options.batches.seed = std::uint64_t(recipe.seed);
  TINYSPLIT_ASSIGN_OR_RETURN(options.batches.augmentation, parse_augmentation(recipe.augment));
  return options;
}

std::int64_t suitable_batch(std::size_t images) {
  constexpr std::int64_t kLeast = 8, kMost = 128, kStepsOfAnEpoch = 16;
  std::int64_t batch = kLeast;
  while (batch < kMost && 2 * batch * kStepsOfAnEpoch <= std::int64_t(images)) batch *= 2;
  return batch;
}

std::int64_t suitable_epochs(std::size_t images, std::int64_t batch) {
  constexpr std::int64_t kSteps = 600, kLeast = 10, kMost = 100;
  const std::int64_t steps = std::max<std::int64_t>(std::int64_t(images) / batch, 1);
  return std::clamp((kSteps + steps - 1) / steps, kLeast, kMost);
}

Result<std::vector<float>> class_weights_of(std::string_view word,
                                            const std::vector<std::int32_t>& labels,
                                            std::size_t classes) {
  if (word == "none") return std::vector<float>{};
  if (word != "balanced") {
    return invalid_argument("class weights are none or balanced, not \"" +
                            std::string(word.substr(0, 64)) + "\"");
  }
  std::vector<std::size_t> images(classes);
  for (const std::int32_t label : labels) ++images[std::size_t(label)];
  std::vector<float> weights;
  for (const std::size_t count : images) {
    weights.push_back(count == 0 ? 1.0F
                                 : static_cast<float>(static_cast<double>(labels.size()) /
                                                      static_cast<double>(classes * count)));
  }
  return weights;
}

Result<std::vector<std::int64_t>> parse_dims(std::string_view text) {
  constexpr std::int64_t kMaxDim = 1 << 20;
  std::vector<std::int64_t> dims;
  const std::string given(text);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find('x'));
    std::int64_t dim = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), dim);
    const bool is_last = word.size() == text.size();
    if (error != std::errc{} || end != word.data() + word.size() || dim < 1 || dim > kMaxDim ||
        word.size() + 1 == text.size()) {
      return invalid_argument("\"" + given + "\" is no size; write it as 28x28x1");
    }
    dims.push_back(dim);
    text.remove_prefix(is_last ? word.size() : word.size() + 1);
  }
  return dims;
}

}  // namespace tinysplit::training
