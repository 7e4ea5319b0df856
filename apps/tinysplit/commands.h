#pragma once

#include <CLI/CLI.hpp>

#include "core/status.h"

namespace tinysplit {

// Each function adds one subcommand, in a file of its own. When the subcommand runs, its callback
// stores the exit code of the process in `exit_code`, which outlives `app`.
void add_inspect_command(CLI::App& app, int& exit_code);
void add_operators_command(CLI::App& app, int& exit_code);
void add_infer_command(CLI::App& app, int& exit_code);
void add_export_command(CLI::App& app, int& exit_code);
void add_profile_command(CLI::App& app, int& exit_code);
void add_plan_command(CLI::App& app, int& exit_code);
void add_serve_command(CLI::App& app, int& exit_code);
void add_device_command(CLI::App& app, int& exit_code);
void add_link_command(CLI::App& app, int& exit_code);
void add_quantize_command(CLI::App& app, int& exit_code);
void add_evaluate_command(CLI::App& app, int& exit_code);
void add_train_command(CLI::App& app, int& exit_code);
void add_demo_command(CLI::App& app, int& exit_code);
void add_help_command(CLI::App& app, int& exit_code);
void add_version_command(CLI::App& app, int& exit_code);

// Prints "tinysplit: <message>" to standard error unless ok; returns the exit code of `status`.
int report(const Status& status);

}  // namespace tinysplit
