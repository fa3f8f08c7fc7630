#include "binding/dataset_object.h"

#include "binding/convert.h"
#include "binding/environment.h"
#include "core/embedding.h"

namespace gemmnet {

namespace {

std::shared_ptr<const Rows> to_rows(const Napi::Object& settings) {
  auto rows = std::make_shared<Rows>();
  rows->features = keep_matrix(get_object(settings, "features"), rows->features_owner);
  const std::size_t count = rows->features.rows;
  const auto require_length = [&](std::size_t length, const char* name) {
    if (length != count)
      throw Napi::RangeError::New(settings.Env(),
                                  std::string("Expected `") + name + "` to have one entry per row");
  };
  if (const Napi::Value targets = settings.Get("targets"); !targets.IsUndefined()) {
    rows->targets = keep_matrix(targets.As<Napi::Object>(), rows->targets_owner);
    require_length(rows->targets.rows, "targets");
  }
  if (const Napi::Value labels = settings.Get("labels"); !labels.IsUndefined()) {
    const auto elements = to_elements<std::int32_t>(labels, "labels");
    require_length(elements.size(), "labels");
    rows->labels.assign(elements.begin(), elements.end());
    rows->classes = get_size(settings, "classes");
    for (const std::int32_t label : rows->labels)
      if (label < 0 || static_cast<std::size_t>(label) >= rows->classes)
        throw Napi::RangeError::New(settings.Env(), "Expected `labels` to be class indices");
  }
  if (const Napi::Value weights = settings.Get("weights"); !weights.IsUndefined()) {
    const auto elements = to_elements<double>(weights, "weights");
    require_length(elements.size(), "weights");
    rows->weights.assign(elements.begin(), elements.end());
  }
  return rows;
}

std::size_t bytes_of(const Rows& rows) {
  return rows.features.bytes() + rows.targets.bytes() + rows.labels.size() * sizeof(std::int32_t) +
         rows.weights.size() * sizeof(double);
}

/// The rows of the view, as the network sees them: scaled, bytes as float32.
Napi::Value copy_matrix(Napi::Env env, const Dataset& dataset, const StoredMatrix& matrix) {
  std::vector<std::uint32_t> places(dataset.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = dataset.place(i);
  const auto gather = [&]<typename T>(Napi::TypedArrayOf<T> array) -> Napi::Value {
    matrix.gather<T>(places, MatrixView<T>(array.Data(), places.size(), matrix.columns));
    return array;
  };
  const std::size_t size = places.size() * matrix.columns;
  if (matrix.type == ElementType::float64) return gather(make_array<double>(env, size));
  if (matrix.type == ElementType::uint8 && matrix.scale == 1) {
    Napi::Uint8Array array = make_array<std::uint8_t>(env, size);
    const auto* const bytes = static_cast<const std::uint8_t*>(matrix.data);
    for (std::size_t i = 0; i < places.size(); ++i)
      std::copy_n(bytes + places[i] * matrix.columns, matrix.columns,
                  array.Data() + i * matrix.columns);
    return array;
  }
  return gather(make_array<float>(env, size));
}

}  // namespace

Napi::Function DatasetObject::define(Napi::Env env) {
  return DefineClass(
      env, "Dataset",
      {InstanceAccessor<&DatasetObject::rows>("rows"),
       InstanceMethod<&DatasetObject::first_non_finite>("firstNonFinite"),
       InstanceMethod<&DatasetObject::first_other_than_category>("firstOtherThanCategory"),
       InstanceMethod<&DatasetObject::subset>("subset"),
       InstanceMethod<&DatasetObject::copies>("copies"),
       InstanceMethod<&DatasetObject::copy_features>("copyFeatures"),
       InstanceMethod<&DatasetObject::copy_targets>("copyTargets"),
       InstanceMethod<&DatasetObject::copy_weights>("copyWeights")});
}

DatasetObject& DatasetObject::of(const Napi::Value& value, const char* name) {
  const Napi::Function constructor = Environment::of(value.Env()).dataset_class.Value();
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor))
    throw Napi::TypeError::New(value.Env(), std::string("Expected `") + name + "` to be a Dataset");
  return *Unwrap(value.As<Napi::Object>());
}

DatasetObject::DatasetObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<DatasetObject>(info),
      dataset_(info[0].IsExternal() ? *info[0].As<Napi::External<Dataset>>().Data()
                                    : Dataset(to_rows(info[0].As<Napi::Object>()))) {
  // A view holds the rows too, but they are counted once.
  const std::size_t bytes =
      info[0].IsExternal() ? dataset_.index_bytes() : bytes_of(dataset_.rows());
  external_bytes_ = static_cast<std::int64_t>(bytes);
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), external_bytes_);
}

void DatasetObject::Finalize(Napi::BasicEnv env) {
  Napi::MemoryManagement::AdjustExternalMemory(env, -external_bytes_);
}

Napi::Object DatasetObject::wrap(Napi::Env env, Dataset dataset) {
  return Environment::of(env).dataset_class.New({Napi::External<Dataset>::New(env, &dataset)});
}

Napi::Value DatasetObject::rows(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(dataset_.size()));
}

Napi::Value DatasetObject::first_non_finite(const Napi::CallbackInfo& info) {
  const Rows& rows = dataset_.rows();
  for (const auto& [name, matrix] :
       {std::pair{"features", &rows.features}, std::pair{"targets", &rows.targets}}) {
    if (const auto first = matrix->first_non_finite()) {
      Napi::Object place = Napi::Object::New(info.Env());
      place["field"] = name;
      const std::size_t row = *first / matrix->columns;
      place["row"] = static_cast<double>(row);
      place["column"] = static_cast<double>(*first - row * matrix->columns);
      return place;
    }
  }
  return info.Env().Null();
}

/// `(column, categories)`
Napi::Value DatasetObject::first_other_than_category(const Napi::CallbackInfo& info) {
  const std::size_t column = to_size(info[0], "column");
  if (column >= dataset_.rows().features.columns)
    throw Napi::RangeError::New(info.Env(), "Expected `column` to be one of the features");
  const auto row =
      gemmnet::first_other_than_category(dataset_, column, to_size(info[1], "categories"));
  if (!row) return info.Env().Null();
  Napi::Object found = Napi::Object::New(info.Env());
  found["row"] = static_cast<double>(*row);
  found["value"] = dataset_.rows().features.value(dataset_.place(*row), column);
  return found;
}

Napi::Value DatasetObject::subset(const Napi::CallbackInfo& info) {
  const auto positions = to_elements<std::uint32_t>(info[0], "positions");
  for (const std::uint32_t position : positions)
    if (position >= dataset_.size())
      throw Napi::RangeError::New(info.Env(), "Expected `positions` to be rows of the Dataset");
  return wrap(info.Env(), dataset_.subset(positions));
}

Napi::Value DatasetObject::copies(const Napi::CallbackInfo& info) {
  const std::vector<std::int32_t> numbers = dataset_.copies();
  if (numbers.empty()) return info.Env().Undefined();
  return to_array(info.Env(), numbers.data(), numbers.size());
}

Napi::Value DatasetObject::copy_features(const Napi::CallbackInfo& info) {
  return copy_matrix(info.Env(), dataset_, dataset_.rows().features);
}

Napi::Value DatasetObject::copy_targets(const Napi::CallbackInfo& info) {
  const Rows& rows = dataset_.rows();
  if (rows.targets.columns != 0) return copy_matrix(info.Env(), dataset_, rows.targets);
  if (rows.labels.empty()) return info.Env().Undefined();
  Napi::Int32Array array = make_array<std::int32_t>(info.Env(), dataset_.size());
  for (std::size_t i = 0; i < dataset_.size(); ++i) array[i] = rows.labels[dataset_.place(i)];
  return array;
}

Napi::Value DatasetObject::copy_weights(const Napi::CallbackInfo& info) {
  const Rows& rows = dataset_.rows();
  if (rows.weights.empty()) return info.Env().Undefined();
  Napi::Float64Array array = make_array<double>(info.Env(), dataset_.size());
  for (std::size_t i = 0; i < dataset_.size(); ++i) array[i] = rows.weights[dataset_.place(i)];
  return array;
}

}  // namespace gemmnet
