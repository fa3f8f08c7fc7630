#include "binding/network_object.h"

#include "binding/convert.h"
#include "binding/dataset_object.h"
#include "binding/environment.h"
#include "binding/job.h"
#include "core/gradient_check.h"
#include "core/inference.h"
#include "core/thread_budget.h"

namespace gemmnet {

namespace {

AnyNetwork make_network(const Napi::Object& settings) {
  const std::size_t inputs = get_size(settings, "inputs");
  const std::uint64_t seed = get_size(settings, "seed");
  std::vector<LayerSettings> layers;
  for (const Napi::Object& layer : get_objects(settings, "layers"))
    layers.push_back(to_layer_settings(layer));
  if (get_text(settings, "dtype") == "float64")
    return std::make_shared<Network<double>>(inputs, std::move(layers), seed);
  return std::make_shared<Network<float>>(inputs, std::move(layers), seed);
}

/// Rows to predict: those of a Dataset, or of an array as it lies.
struct Source {
  std::optional<Dataset> dataset;
  StoredMatrix matrix;
  std::shared_ptr<const void> owner;

  [[nodiscard]] std::size_t rows() const { return dataset ? dataset->size() : matrix.rows; }
  [[nodiscard]] std::size_t columns() const {
    return dataset ? dataset->rows().features.columns : matrix.columns;
  }
};

enum class Keeping { borrow, keep };

Source to_source(const Napi::Value& value, std::size_t inputs, Keeping keeping) {
  Source source;
  const Napi::Object object = value.As<Napi::Object>();
  if (object.InstanceOf(Environment::of(value.Env()).dataset_class.Value()))
    source.dataset = DatasetObject::of(value, "x").dataset();
  else
    source.matrix =
        keeping == Keeping::keep ? keep_matrix(object, source.owner) : borrow_matrix(object);
  if (source.columns() != inputs)
    throw Napi::RangeError::New(value.Env(), "Expected `x` to have the network's columns");
  return source;
}

template <typename T>
void predict_into(const Network<T>& network, const Source& source, T* outputs,
                  const typename Inference<T>::Stop& stop) {
  const std::size_t rows = source.rows();
  if (rows == 0) return;
  const ThreadBudget::Share share(ThreadBudget::of_process(), ThreadBudget::Kind::passing,
                                  default_threads(network, rows, inference_tiles(rows)));
  ThreadTeam team(share.threads());
  Inference<T> inference(network, rows, team.size());
  const MatrixView<T> into(outputs, rows, network.outputs());
  const auto block = network.parameters();
  if (source.dataset)
    inference.predict(block->data(), *source.dataset, into, team, stop);
  else
    inference.predict(block->data(), source.matrix, into, team, stop);
}

}  // namespace

Napi::Function NetworkObject::define(Napi::Env env) {
  return DefineClass(env, "Network",
                     {InstanceAccessor<&NetworkObject::is_training>("isTraining"),
                      InstanceMethod<&NetworkObject::layers>("layers"),
                      InstanceMethod<&NetworkObject::is_trainable>("isTrainable"),
                      InstanceMethod<&NetworkObject::set_trainable>("setTrainable"),
                      InstanceMethod<&NetworkObject::copy_tensor>("copyTensor"),
                      InstanceMethod<&NetworkObject::copy_parameters>("copyParameters"),
                      InstanceMethod<&NetworkObject::set_tensors>("setTensors"),
                      InstanceMethod<&NetworkObject::predict>("predict"),
                      InstanceMethod<&NetworkObject::predict_async>("predictAsync"),
                      InstanceMethod<&NetworkObject::check_gradients>("checkGradients"),
                      InstanceMethod<&NetworkObject::clone>("clone")});
}

NetworkObject& NetworkObject::of(const Napi::Value& value, const char* name) {
  const Napi::Function constructor = Environment::of(value.Env()).network_class.Value();
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor))
    throw Napi::TypeError::New(value.Env(), std::string("Expected `") + name + "` to be a Network");
  return *Unwrap(value.As<Napi::Object>());
}

NetworkObject::NetworkObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NetworkObject>(info),
      network_(info[0].IsExternal() ? *info[0].As<Napi::External<AnyNetwork>>().Data()
                                    : make_network(info[0].As<Napi::Object>())) {
  external_bytes_ = std::visit(
      [](const auto& network) { return static_cast<std::int64_t>(network->parameters()->bytes()); },
      network_);
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), external_bytes_);
}

void NetworkObject::Finalize(Napi::BasicEnv env) {
  Napi::MemoryManagement::AdjustExternalMemory(env, -external_bytes_);
}

Napi::Value NetworkObject::is_training(const Napi::CallbackInfo& info) {
  return std::visit(
      [&](const auto& network) { return Napi::Boolean::New(info.Env(), network->is_training()); },
      network_);
}

Napi::Value NetworkObject::layers(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return std::visit(
      [&](const auto& network) {
        Napi::Array layers = Napi::Array::New(env);
        for (std::uint32_t l = 0; l < network->layers().size(); ++l) {
          const auto& layer = *network->layers()[l];
          Napi::Array tensors = Napi::Array::New(env);
          for (std::uint32_t t = 0; t < layer.tensors().size(); ++t) {
            const Tensor& shape = layer.tensors()[t];
            Napi::Object tensor = Napi::Object::New(env);
            tensor["name"] = shape.name;
            tensor["rows"] = static_cast<double>(shape.rows);
            tensor["columns"] = static_cast<double>(shape.columns);
            tensor["learned"] = shape.learned;
            tensors[t] = tensor;
          }
          layers[l] = tensors;
        }
        return layers;
      },
      network_);
}

Napi::Value NetworkObject::is_trainable(const Napi::CallbackInfo& info) {
  const std::size_t layer = to_layer(info[0]);
  return std::visit(
      [&](const auto& network) {
        return Napi::Boolean::New(info.Env(), network->is_trainable(layer));
      },
      network_);
}

void NetworkObject::set_trainable(const Napi::CallbackInfo& info) {
  const std::size_t layer = to_layer(info[0]);
  std::visit(
      [&](const auto& network) {
        if (network->is_training()) throw Napi::Error::New(info.Env(), "The network is training");
        network->set_trainable(layer, info[1].As<Napi::Boolean>());
      },
      network_);
}

std::size_t NetworkObject::to_layer(const Napi::Value& value) const {
  const std::size_t layer = to_size(value, "layer");
  const std::size_t layers =
      std::visit([](const auto& network) { return network->layers().size(); }, network_);
  if (layer >= layers)
    throw Napi::RangeError::New(value.Env(), "Expected `layer` to be one of the layers");
  return layer;
}

Napi::Value NetworkObject::copy_tensor(const Napi::CallbackInfo& info) {
  const std::size_t index = to_size(info[0], "index");
  return std::visit(
      [&](const auto& network) -> Napi::Value {
        if (index >= network->tensors().size())
          throw Napi::RangeError::New(info.Env(), "Expected `index` to be one of the tensors");
        const Tensor& shape = network->tensors()[index].shape;
        return to_array(info.Env(), network->parameters()->data() + shape.offset, shape.size());
      },
      network_);
}

Napi::Value NetworkObject::copy_parameters(const Napi::CallbackInfo& info) {
  return std::visit(
      [&]<typename T>(const std::shared_ptr<Network<T>>& network) -> Napi::Value {
        auto array = make_array<T>(info.Env(), network->parameter_count());
        const auto block = network->parameters();
        T* to = array.Data();
        for (const auto& place : network->tensors())
          to = std::copy_n(block->data() + place.shape.offset, place.shape.size(), to);
        return array;
      },
      network_);
}

/// `(first, count, values)`: the tensors first, first + 1, ... one after the other in `values`.
void NetworkObject::set_tensors(const Napi::CallbackInfo& info) {
  const std::size_t first = to_size(info[0], "first");
  const std::size_t count = to_size(info[1], "count");
  std::visit(
      [&]<typename T>(const std::shared_ptr<Network<T>>& network) {
        if (network->is_training()) throw Napi::Error::New(info.Env(), "The network is training");
        const auto values = to_elements<T>(info[2], "values");
        if (first + count > network->tensors().size())
          throw Napi::RangeError::New(info.Env(), "Expected `first` to be one of the tensors");
        const auto places = network->tensors().subspan(first, count);
        std::size_t size = 0;
        for (const auto& place : places) size += place.shape.size();
        if (size != values.size())
          throw Napi::RangeError::New(info.Env(), "Expected `values` to be as many as parameters");
        auto block = *network->parameters();
        const T* from = values.data();
        for (const auto& place : places) {
          std::copy_n(from, place.shape.size(), block.data() + place.shape.offset);
          from += place.shape.size();
        }
        network->publish(block);
      },
      network_);
}

Napi::Value NetworkObject::predict(const Napi::CallbackInfo& info) {
  return std::visit(
      [&]<typename T>(const std::shared_ptr<Network<T>>& network) -> Napi::Value {
        const Source source = to_source(info[0], network->inputs(), Keeping::borrow);
        auto outputs = make_array<T>(info.Env(), source.rows() * network->outputs());
        predict_into(*network, source, outputs.Data(), [] { return false; });
        return outputs;
      },
      network_);
}

void NetworkObject::predict_async(const Napi::CallbackInfo& info) {
  std::visit(
      [&]<typename T>(const std::shared_ptr<Network<T>>& network) {
        auto source =
            std::make_shared<Source>(to_source(info[0], network->inputs(), Keeping::keep));
        auto outputs = std::make_shared<AlignedBuffer<T>>(source->rows() * network->outputs());
        Environment::of(info.Env())
            .start(std::make_shared<Task>(
                info[1].As<Napi::Function>(),
                [=](const auto& stop) { predict_into(*network, *source, outputs->data(), stop); },
                [=](Napi::Env env) { return to_array(env, outputs->data(), outputs->size()); }));
      },
      network_);
}

Napi::Value NetworkObject::check_gradients(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Dataset& data = DatasetObject::of(info[0], "data").dataset();
  const ObjectiveSettings objective = to_objective_settings(info[1].As<Napi::Object>());
  const double epsilon = info[2].As<Napi::Number>();
  const auto errors = [&] {
    try {
      return std::visit(
          [&](const auto& network) {
            return gemmnet::check_gradients(*network, objective, data, epsilon);
          },
          network_);
    } catch (const std::domain_error& error) {  // the rows, or the weights, are too large
      throw Napi::RangeError::New(env, error.what());
    }
  }();
  Napi::Array array = Napi::Array::New(env);
  for (std::uint32_t i = 0; i < errors.size(); ++i) {
    Napi::Object object = Napi::Object::New(env);
    object["layer"] = static_cast<double>(errors[i].layer);
    object["tensor"] = errors[i].tensor;
    object["relativeError"] = errors[i].relative_error;
    object["precisionError"] = errors[i].precision_error;
    array[i] = object;
  }
  return array;
}

Napi::Value NetworkObject::clone(const Napi::CallbackInfo& info) {
  AnyNetwork copy = std::visit(
      []<typename T>(const std::shared_ptr<Network<T>>& network) -> AnyNetwork {
        return std::make_shared<Network<T>>(*network);
      },
      network_);
  return Environment::of(info.Env())
      .network_class.New({Napi::External<AnyNetwork>::New(info.Env(), &copy)});
}

}  // namespace gemmnet
