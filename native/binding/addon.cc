#include <napi.h>

#include <variant>

#include "binding/convert.h"
#include "binding/dataset_object.h"
#include "binding/environment.h"
#include "binding/network_object.h"
#include "binding/split.h"
#include "binding/trainer_object.h"
#include "core/gemm.h"
#include "core/initializers.h"
#include "core/layers.h"
#include "core/metrics.h"
#include "core/plan.h"
#include "core/processors.h"
#include "core/quasi_newton/methods.h"
#include "core/random.h"
#include "core/schedules.h"
#include "core/thread_budget.h"
#include "core/work_clock.h"

namespace gemmnet {

namespace {

Napi::Array to_array(Napi::Env env, const OptionNames& options) {
  Napi::Array array = Napi::Array::New(env, options.count);
  for (std::uint32_t i = 0; i < options.count; ++i) array[i] = options.names[i];
  return array;
}

/// One object per row of a table, with its name and what `describe_row` adds.
template <typename Row, typename DescribeRow>
Napi::Array describe_table(Napi::Env env, const Table<Row>& table,
                           const DescribeRow& describe_row) {
  Napi::Array array = Napi::Array::New(env, table.size);
  std::uint32_t index = 0;
  for (const Row& row : table) {
    Napi::Object object = Napi::Object::New(env);
    object["name"] = row.name;
    describe_row(row, object);
    array[index++] = object;
  }
  return array;
}

/// What this build has, walked from the core's tables: lib/ compares its options with it.
Napi::Value describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Kernels<float>& tables = kernels<float>();
  Napi::Object object = Napi::Object::New(env);
  object["version"] = GEMMNET_VERSION;
  object["blas"] = blas_info().library;
  object["blasKernel"] = blas_info().kernel;
  object["instructionSet"] = instruction_set().name;
  object["instructionSets"] = describe_table(
      env, instruction_sets(),
      [](const InstructionSet& row, Napi::Object& to) { to["supported"] = row.supported(); });
  object["processors"] = static_cast<double>(available_processors());
  object["activations"] =
      describe_table(env, tables.activations, [&](const auto& row, Napi::Object& to) {
        to["options"] = to_array(env, row.options);
        to["wholeRow"] = row.whole_row;
        to["kinked"] = row.kinked;
      });
  object["losses"] = describe_table(env, tables.losses, [&](const auto& row, Napi::Object& to) {
    to["options"] = to_array(env, row.options);
    to["fusedWith"] =
        row.fused_with == nullptr ? env.Null() : Napi::String::New(env, row.fused_with);
    to["averaged"] = row.averaged;
    to["squared"] = row.squared;
    to["domain"] = row.domain == LossDomain::any        ? "any"
                   : row.domain == LossDomain::positive ? "positive"
                                                        : "probabilities";
    to["kinked"] = row.kinked;
  });
  object["optimizers"] =
      describe_table(env, tables.optimizers, [&](const auto& row, Napi::Object& to) {
        to["options"] = to_array(env, row.options);
        to["fullBatch"] = row.full_batch;
      });
  const auto options = [&](const auto& row, Napi::Object& to) {
    to["options"] = to_array(env, row.options);
  };
  object["quasiNewton"] =
      describe_table(env, quasi_newton_methods<float>(), [&](const auto& row, Napi::Object& to) {
        options(row, to);
        to["leastSquares"] = row.least_squares;
        to["maximumSize"] = static_cast<double>(row.maximum_size);
      });
  object["layers"] = describe_table(env, layers<float>(), [&](const auto& row, Napi::Object& to) {
    options(row, to);
    to["random"] = row.random;
    to["first"] = row.first;
  });
  object["schedules"] = describe_table(env, schedules(), options);
  object["initializers"] = describe_table(env, initializers(), options);
  object["metrics"] = describe_table(env, metrics<float>(), options);
  return object;
}

void start_work_clock(const Napi::CallbackInfo& /*info*/) { work_clock::start(); }

Napi::Value stop_work_clock(const Napi::CallbackInfo& info) {
  const work_clock::Seconds seconds = work_clock::stop();
  Napi::Object object = Napi::Object::New(info.Env());
  for (std::size_t kind = 0; kind < work_kinds; ++kind) object[work_names[kind]] = seconds[kind];
  return object;
}

Napi::Object describe_tile(Napi::Env env, Range rows, Range columns) {
  Napi::Object object = Napi::Object::New(env);
  object["rows"] = static_cast<double>(rows.size());
  object["columns"] = static_cast<double>(columns.size());
  return object;
}

Napi::Object describe_grid(Napi::Env env, const BlockGrid& grid) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array blocks = Napi::Array::New(env, grid.count());
  for (std::size_t block = 0; block < grid.count(); ++block)
    grid.visit_joined({block, block + 1}, [&](Range rows, Range columns) {
      blocks[static_cast<std::uint32_t>(block)] = describe_tile(env, rows, columns);
    });
  object["blocks"] = blocks;
  object["join"] = grid.joinable;
  return object;
}

/// `describePlan(network, rows)`
Napi::Value describe_plan(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::size_t rows = to_size(info[1], "rows");
  return std::visit(
      [&](const auto& network) -> Napi::Value {
        const Plan plan = make_plan(*network, rows);
        std::uint32_t index = 0;
        Napi::Object object = Napi::Object::New(env);
        Napi::Array row_tiles = Napi::Array::New(env, plan.row_tiles.size());
        for (const Range tile : plan.row_tiles)
          row_tiles[index++] = describe_tile(env, tile, {0, network->inputs()});
        object["rowTiles"] = row_tiles;
        object["rowTilesJoin"] = plan.joined_rows > 1;
        Napi::Array layer_blocks = Napi::Array::New(env, plan.layer_blocks.size());
        index = 0;
        for (const LayerBlocks& blocks : plan.layer_blocks) {
          Napi::Object layer = Napi::Object::New(env);
          layer["outputs"] = describe_grid(env, blocks.outputs);
          layer["inputs"] = describe_grid(env, blocks.inputs);
          layer_blocks[index++] = layer;
        }
        object["layerBlocks"] = layer_blocks;
        Napi::Array tensor_tiles = Napi::Array::New(env, plan.tensor_tiles.size());
        index = 0;
        for (const TensorTile& tile : plan.tensor_tiles) {
          Napi::Object part = describe_tile(env, tile.rows, tile.columns);
          part["tensor"] = static_cast<double>(tile.place);
          tensor_tiles[index++] = part;
        }
        object["tensorTiles"] = tensor_tiles;
        object["gradientsByRows"] = plan.gradients_by_rows;
        return object;
      },
      NetworkObject::of(info[0], "network").network());
}

/// `random(seed, use, first, count)`: so many of the numbers in [0, 1) of that seed and use.
Napi::Value random(const Napi::CallbackInfo& info) {
  const auto use = static_cast<std::uint32_t>(to_size(info[1], "use"));
  const Philox draws(to_size(info[0], "seed"), Stream::library, use);
  const std::size_t first = to_size(info[2], "first");
  auto array = make_array<double>(info.Env(), to_size(info[3], "count"));
  for (std::size_t i = 0; i < array.ElementLength(); ++i) array[i] = draws.uniform(first + i);
  return array;
}

}  // namespace

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  // Once for the process, whichever thread loads the addon first. A failure is tried again.
  static const bool ready = [] {
    initialize_blas();
    kernels<float>();
    ThreadBudget::of_process();  // before what ends the fits at exit, as it must outlive them
    return true;
  }();
  static_cast<void>(ready);

  auto* const environment = new Environment(env);
  env.SetInstanceData(environment);
  const Napi::Function dataset = DatasetObject::define(env);
  const Napi::Function network = NetworkObject::define(env);
  const Napi::Function trainer = TrainerObject::define(env);
  environment->dataset_class = Napi::Persistent(dataset);
  environment->network_class = Napi::Persistent(network);
  environment->trainer_class = Napi::Persistent(trainer);
  exports["Dataset"] = dataset;
  exports["Network"] = network;
  exports["Trainer"] = trainer;
  exports["deal"] = Napi::Function::New(env, deal, "deal");
  exports["describe"] = Napi::Function::New(env, describe, "describe");
  exports["describePlan"] = Napi::Function::New(env, describe_plan, "describePlan");
  exports["random"] = Napi::Function::New(env, random, "random");
  exports["startWorkClock"] = Napi::Function::New(env, start_work_clock, "startWorkClock");
  exports["stopWorkClock"] = Napi::Function::New(env, stop_work_clock, "stopWorkClock");
  return exports;
}

}  // namespace gemmnet

Napi::Object initialize_gemmnet(Napi::Env env, Napi::Object exports) {
  return gemmnet::initialize(env, exports);
}

NODE_API_MODULE(gemmnet, initialize_gemmnet)
