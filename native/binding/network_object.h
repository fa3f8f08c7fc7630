#pragma once

#include <napi.h>

#include <variant>

#include "core/network.h"

namespace gemmnet {

/// A Network of either precision.
using AnyNetwork = std::variant<std::shared_ptr<Network<float>>, std::shared_ptr<Network<double>>>;

/// The JavaScript handle of a Network.
class NetworkObject final : public Napi::ObjectWrap<NetworkObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static NetworkObject& of(const Napi::Value& value, const char* name);

  /// `new (settings)`, or from C++ with an external that holds an AnyNetwork.
  explicit NetworkObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

  [[nodiscard]] const AnyNetwork& network() const { return network_; }

 private:
  Napi::Value is_training(const Napi::CallbackInfo& info);
  Napi::Value layers(const Napi::CallbackInfo& info);
  Napi::Value is_trainable(const Napi::CallbackInfo& info);
  void set_trainable(const Napi::CallbackInfo& info);
  Napi::Value copy_tensor(const Napi::CallbackInfo& info);
  Napi::Value copy_parameters(const Napi::CallbackInfo& info);
  void set_tensors(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  void predict_async(const Napi::CallbackInfo& info);
  Napi::Value check_gradients(const Napi::CallbackInfo& info);
  Napi::Value clone(const Napi::CallbackInfo& info);

  [[nodiscard]] std::size_t to_layer(const Napi::Value& value) const;

  AnyNetwork network_;
  std::int64_t external_bytes_ = 0;
};

}  // namespace gemmnet
