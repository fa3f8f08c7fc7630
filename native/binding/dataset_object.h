#pragma once

#include <napi.h>

#include "core/dataset.h"

namespace gemmnet {

/// The JavaScript handle of a Dataset view.
class DatasetObject final : public Napi::ObjectWrap<DatasetObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static DatasetObject& of(const Napi::Value& value, const char* name);

  /// `new (settings)`, or from C++ with an external that holds a Dataset.
  explicit DatasetObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

  [[nodiscard]] const Dataset& dataset() const { return dataset_; }

 private:
  static Napi::Object wrap(Napi::Env env, Dataset dataset);

  Napi::Value rows(const Napi::CallbackInfo& info);
  Napi::Value first_non_finite(const Napi::CallbackInfo& info);
  Napi::Value first_other_than_category(const Napi::CallbackInfo& info);
  Napi::Value subset(const Napi::CallbackInfo& info);
  Napi::Value copies(const Napi::CallbackInfo& info);
  Napi::Value copy_features(const Napi::CallbackInfo& info);
  Napi::Value copy_targets(const Napi::CallbackInfo& info);
  Napi::Value copy_weights(const Napi::CallbackInfo& info);

  Dataset dataset_;
  std::int64_t external_bytes_ = 0;
};

}  // namespace gemmnet
