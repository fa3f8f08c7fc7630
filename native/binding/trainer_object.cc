#include "binding/trainer_object.h"

#include "binding/convert.h"
#include "binding/dataset_object.h"
#include "binding/environment.h"
#include "binding/fit_job.h"
#include "binding/network_object.h"

namespace gemmnet {

namespace {

AnyTrainer make_trainer(Napi::Env env, const AnyNetwork& network, const TrainerSettings& settings) {
  try {
    return std::visit(
        [&]<typename T>(const std::shared_ptr<Network<T>>& typed) -> AnyTrainer {
          return std::make_shared<Trainer<T>>(typed, settings);
        },
        network);
  } catch (const std::invalid_argument& error) {  // what only the core knows: limits of methods
    throw Napi::RangeError::New(env, error.what());
  }
}

/// The data, if it fits the network: what lib/ has checked, since a crash would be the price.
template <typename T>
const Dataset& fitting_dataset(const Napi::Value& value, const char* name,
                               const Network<T>& network) {
  const Dataset& dataset = DatasetObject::of(value, name).dataset();
  const Rows& rows = dataset.rows();
  const std::size_t outputs = network.outputs();
  const bool targets_fit = rows.labels.empty() ? rows.targets.columns == outputs
                                               : outputs == 1 || rows.classes <= outputs;
  if (dataset.size() == 0 || rows.features.columns != network.inputs() || !targets_fit)
    throw Napi::RangeError::New(value.Env(),
                                std::string("Expected `") + name + "` to fit the network");
  return dataset;
}

/// `{ mostAhead, epochRows, shuffleBuffer }`
StreamSettings to_stream(const Napi::Object& from) {
  return {std::make_shared<RowQueue>(get_size(from, "mostAhead")), get_size(from, "epochRows"),
          get_size(from, "shuffleBuffer")};
}

}  // namespace

Napi::Function TrainerObject::define(Napi::Env env) {
  return DefineClass(
      env, "Trainer",
      {InstanceMethod<&TrainerObject::fit>("fit"), InstanceMethod<&TrainerObject::stop>("stop"),
       InstanceMethod<&TrainerObject::proceed>("proceed"),
       InstanceMethod<&TrainerObject::answer>("answer"),
       InstanceMethod<&TrainerObject::push>("push"),
       InstanceMethod<&TrainerObject::end_epoch>("endEpoch"),
       InstanceMethod<&TrainerObject::close>("close"),
       InstanceMethod<&TrainerObject::scale_learning_rate>("scaleLearningRate"),
       InstanceMethod<&TrainerObject::evaluate>("evaluate")});
}

TrainerObject::TrainerObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TrainerObject>(info),
      trainer_(make_trainer(info.Env(), NetworkObject::of(info[0], "network").network(),
                            to_trainer_settings(info[1].As<Napi::Object>()))) {}

void TrainerObject::Finalize(Napi::BasicEnv env) {
  Napi::MemoryManagement::AdjustExternalMemory(env, -external_bytes_);
}

/// Tells V8 what the optimizer's state has grown to.
void TrainerObject::account(Napi::BasicEnv env) {
  const auto bytes = std::visit(
      [](const auto& trainer) { return static_cast<std::int64_t>(trainer->bytes()); }, trainer_);
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes - external_bytes_);
  external_bytes_ = bytes;
}

Napi::Value TrainerObject::fit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object given = info[0].As<Napi::Object>();
  const Napi::Function listener = info[1].As<Napi::Function>();
  return std::visit(
      [&]<typename T>(const std::shared_ptr<Trainer<T>>& trainer) -> Napi::Value {
        Network<T>& network = *trainer->network();
        FitSettings settings;
        if (const Napi::Value stream = given.Get("stream"); stream.IsUndefined())
          settings.train = fitting_dataset(given.Get("train"), "train", network);
        else
          settings.stream = to_stream(stream.As<Napi::Object>());
        for (const Napi::Object& validation : get_objects(given, "validations"))
          settings.validations.push_back(fitting_dataset(validation, "validation", network));
        settings.epochs = get_size(given, "epochs");
        settings.batch_report_interval = get_size(given, "batchReportInterval");
        const bool wait = get_boolean(given, "wait");

        if (!network.begin_training()) throw Napi::Error::New(env, "The network is training");
        account(env);  // while no other fit changes it
        const auto job = std::make_shared<FitJob<T>>(listener, trainer, std::move(settings), wait);
        Environment::of(env).start(job);

        last_fit_ = job;
        return Napi::Number::New(env, ++fits_);
      },
      trainer_);
}

std::shared_ptr<FitControl> TrainerObject::running_fit(const Napi::Value& number) const {
  return to_size(number, "number") == fits_ ? last_fit_.lock() : nullptr;
}

void TrainerObject::stop(const Napi::CallbackInfo& info) {
  if (const auto fit = running_fit(info[0])) fit->stop();
}

void TrainerObject::proceed(const Napi::CallbackInfo& info) {
  if (const auto fit = running_fit(info[0])) fit->proceed();
}

/// `(fit, value, gradient?)`
void TrainerObject::answer(const Napi::CallbackInfo& info) {
  if (const auto fit = running_fit(info[0])) fit->answer(info[1].As<Napi::Number>(), info[2]);
}

/// `(fit, dataset, begin, end, number)`; whether there is room for more.
Napi::Value TrainerObject::push(const Napi::CallbackInfo& info) {
  const auto fit = running_fit(info[0]);
  if (fit == nullptr || fit->rows() == nullptr) return Napi::Boolean::New(info.Env(), false);
  const Dataset data = std::visit(
      [&](const auto& trainer) { return fitting_dataset(info[1], "rows", *trainer->network()); },
      trainer_);
  const Range rows{to_size(info[2], "begin"), to_size(info[3], "end")};
  if (rows.begin > rows.end || rows.end > data.size())
    throw Napi::RangeError::New(info.Env(), "Expected `begin` and `end` to be of the Dataset");
  try {
    return Napi::Boolean::New(info.Env(),
                              fit->rows()->push({data, rows, to_size(info[4], "number")}));
  } catch (const std::invalid_argument& error) {
    throw Napi::RangeError::New(info.Env(), error.what());
  }
}

void TrainerObject::end_epoch(const Napi::CallbackInfo& info) {
  if (const auto fit = running_fit(info[0]); fit != nullptr && fit->rows() != nullptr)
    fit->rows()->end_epoch();
}

void TrainerObject::close(const Napi::CallbackInfo& info) {
  if (const auto fit = running_fit(info[0]); fit != nullptr && fit->rows() != nullptr)
    fit->rows()->close();
}

void TrainerObject::scale_learning_rate(const Napi::CallbackInfo& info) {
  const double factor = info[0].As<Napi::Number>();
  std::visit([&](const auto& trainer) { trainer->scale_learning_rate(factor); }, trainer_);
}

void TrainerObject::evaluate(const Napi::CallbackInfo& info) {
  std::visit(
      [&]<typename T>(const std::shared_ptr<Trainer<T>>& trainer) {
        const Dataset data = fitting_dataset(info[0], "data", *trainer->network());
        const auto scores = std::make_shared<Scores>();
        Environment::of(info.Env())
            .start(std::make_shared<Task>(
                info[1].As<Napi::Function>(),
                [=](const auto& stop) { *scores = trainer->evaluate(data, stop); },
                [=](Napi::Env env) { return to_object(env, *scores); }));
      },
      trainer_);
}

}  // namespace gemmnet
