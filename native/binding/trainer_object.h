#pragma once

#include <napi.h>

#include <variant>

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
  void evaluate(const Napi::CallbackInfo& info);

  void account(Napi::BasicEnv env);

  AnyTrainer trainer_;
  std::int64_t external_bytes_ = 0;
};

}  // namespace gemmnet
