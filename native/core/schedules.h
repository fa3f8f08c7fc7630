#pragma once

#include <string>
#include <vector>

#include "core/instruction_sets.h"

namespace gemmnet {

/// What a schedule counts.
enum class ScheduleUnit : std::uint8_t { step, epoch };

/// How the learning rate goes. Complete: the core has no defaults.
struct ScheduleSettings {
  std::string name;
  ScheduleUnit per = ScheduleUnit::step;
  std::vector<double> options;          // in the order of the row's names
  std::vector<ScheduleSettings> child;  // warmup: the one schedule that follows it
  std::vector<double> boundaries;       // piecewise: increasing positions
  std::vector<double> rates;            // piecewise: one more than boundaries
};

/// Where training is. Both counts begin at 0 and last as long as the phase.
struct TrainingPosition {
  std::uint64_t step;
  std::uint64_t epoch;
  std::uint64_t steps_per_epoch;
};

/// One course of the learning rate.
struct Schedule {
  const char* name;
  OptionNames options;
  bool has_child;
  bool has_pieces;  // boundaries and rates
  double (*rate)(const ScheduleSettings& settings, const TrainingPosition& position);
};

Table<Schedule> schedules();

/// Throws std::invalid_argument if no row has that name, or the settings are not what it takes.
void check_schedule(const ScheduleSettings& settings);

/// The learning rate of a step, for settings that check_schedule passes. `step` and `epoch` count
/// from 0 over the phase, from one fit to the next.
double learning_rate(const ScheduleSettings& settings, std::uint64_t step, std::uint64_t epoch,
                     std::uint64_t steps_per_epoch);

}  // namespace gemmnet
