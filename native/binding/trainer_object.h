#pragma once

#include <napi.h>

#include <variant>

#include "binding/fit_job.h"
#include "core/trainer.h"

namespace gemmnet {

using AnyTrainer = std::variant<std::shared_ptr<Trainer<float>>, std::shared_ptr<Trainer<double>>>;

/// The JavaScript handle of a Trainer.
class TrainerObject final : public Napi::ObjectWrap<TrainerObject> {
 public:
  static Napi::Function define(Napi::Env env);

  /// `new (network, settings)`
  explicit TrainerObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

 private:
  Napi::Value fit(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  void proceed(const Napi::CallbackInfo& info);
  void answer(const Napi::CallbackInfo& info);
  Napi::Value push(const Napi::CallbackInfo& info);
  void end_epoch(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  void scale_learning_rate(const Napi::CallbackInfo& info);
  void evaluate(const Napi::CallbackInfo& info);

  void account(Napi::BasicEnv env);

  /// The fit of this number, if it is still there. Only the last one can be.
  std::shared_ptr<FitControl> running_fit(const Napi::Value& number) const;

  AnyTrainer trainer_;
  std::weak_ptr<FitControl> last_fit_;
  std::uint32_t fits_ = 0;
  std::int64_t external_bytes_ = 0;
};

}  // namespace gemmnet
