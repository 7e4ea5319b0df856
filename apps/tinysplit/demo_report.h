#pragma once

#include <string>
#include <vector>

#include "demo_sweep.h"
#include "report/chart.h"

namespace tinysplit {

// What the demo shows of the sweeps over its links.
struct DemoReport {
  std::string model;
  std::string device;  // its pace, for people
  int num_images = 0;
  std::vector<DemoSweep> sweeps;  // one for each link, not empty
};

// The prediction that was furthest from its measurement.
struct WorstPrediction {
  double error = 0;  // predicted over measured, less 1
  int cut = 0;
  std::string link;
};
WorstPrediction worst_prediction(const DemoReport& report);

// Every inference gave the outputs of the uncut model bit for bit, and the edge answered all of its
// own.
bool all_agree(const DemoReport& report);

// The table of one link and what was gained, in sentences.
std::string sweep_text(const DemoSweep& sweep);
// What holds for all links together.
std::string conclusion_text(const DemoReport& report);

// Curves of predicted latency and points of measured, a panel for each link.
Figure demo_figure(const DemoReport& report);

// One object for scripts.
std::string demo_json(const DemoReport& report);

}  // namespace tinysplit
