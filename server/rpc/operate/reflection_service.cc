#include "server/rpc/operate/reflection_service.h"

#include <chrono>
#include <set>
#include <utility>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/support/byte_buffer.h>

#include "common/status.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/holding_tag.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using reflection::ServerReflectionRequest;
using reflection::ServerReflectionResponse;

// The file after all that it imports.
void AddFile(const FileDescriptor* file, std::set<const FileDescriptor*>& seen,
             reflection::FileDescriptorResponse& response) {
  if (!seen.insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddFile(file->dependency(i), seen, response);
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
}

void SetFile(const FileDescriptor* file, ServerReflectionResponse& response) {
  if (file == nullptr) {
    response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    response.mutable_error_response()->set_error_message("not found");
    return;
  }
  std::set<const FileDescriptor*> seen;
  AddFile(file, seen, *response.mutable_file_descriptor_response());
}

void SetExtensionNumbers(const std::string& type, ServerReflectionResponse& response) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* message = pool.FindMessageTypeByName(type);
  if (message == nullptr) return SetFile(nullptr, response);
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(message, &extensions);
  response.mutable_all_extension_numbers_response()->set_base_type_name(type);
  for (const FieldDescriptor* extension : extensions) {
    response.mutable_all_extension_numbers_response()->add_extension_number(extension->number());
  }
}

const FileDescriptor* FileOf(const reflection::ExtensionRequest& request) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* message = pool.FindMessageTypeByName(request.containing_type());
  if (message == nullptr) return nullptr;
  const FieldDescriptor* extension = pool.FindExtensionByNumber(message, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

ServerReflectionResponse Reflect(const std::vector<std::string>& services,
                                 const ServerReflectionRequest& request) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      SetFile(pool.FindFileByName(request.file_by_filename()), response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      SetFile(pool.FindFileContainingSymbol(request.file_containing_symbol()), response);
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      SetFile(FileOf(request.file_containing_extension()), response);
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      SetExtensionNumbers(request.all_extension_numbers_of_type(), response);
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services) {
        response.mutable_list_services_response()->add_service()->set_name(service);
      }
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error_response()->set_error_message("the request asks for nothing");
      break;
  }
  return response;
}

// One call: reads a request, writes its answer, and so on. On the queue's
// thread, but for Cancel().
class ReflectionCall : public std::enable_shared_from_this<ReflectionCall> {
 public:
  ReflectionCall(ReflectionService& service, std::shared_ptr<GenericCall> call)
      : call_(std::move(call)), service_(service) {}

  void Start() {
    const bool has_place = place_.Take(service_.per_peer_, call_->quota_caller());
    if (has_place && service_.Opened(shared_from_this())) return Read(CallTimer::Wait::kRequest);
    Finish(common::WithRetryDelay(
        common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                      has_place ? "too many reflection calls are open, or the server is going away"
                                : "this address or principal has as many reflection calls open as one may"),
        std::chrono::seconds(1)));
  }
  void Cancel() { call_->context().TryCancel(); }

 private:
  void OnRead(GenericCall::Came came) {
    if (came == GenericCall::Came::kNothing) return Finish(absl::OkStatus());  // it has asked all it wanted
    if (came == GenericCall::Came::kTooLate) return Finish(GenericCall::WhyNoRequest(came));
    ServerReflectionRequest request;
    if (const absl::Status parsed = ParseMessage(call_->request(), request); !parsed.ok())
      return Finish(parsed);
    grpc::ByteBuffer answer;
    const absl::Status made = SerializeMessage(Reflect(service_.services_, request), answer);
    if (!made.ok()) return Finish(made);
    call_->stream().Write(answer, written_.Hold(shared_from_this()));
  }
  void OnWritten(bool ok) {
    if (!ok) return Finish(absl::OkStatus());
    Read(CallTimer::Wait::kNextRequest);
  }

  void Read(CallTimer::Wait wait) {
    call_->Read(wait, [self = shared_from_this()](auto came) { self->OnRead(came); });
  }
  void Finish(const absl::Status& status) {
    service_.Closed(this);
    place_.Release();
    call_->Finish(status);
  }

  const std::shared_ptr<GenericCall> call_;  // first: the last to go
  ReflectionService& service_;
  QuotaPlace place_;
  HoldingTag<ReflectionCall, &ReflectionCall::OnWritten> written_;
};

ReflectionService::ReflectionService(std::vector<std::string> services) : services_(std::move(services)) {
  services_.push_back(reflection::ServerReflection::service_full_name());
}

void ReflectionService::Register(grpc::ServerBuilder&, GenericRouter& router) {
  router.AddStream(reflection::ServerReflection::service_full_name(), "ServerReflectionInfo",
                   auth::Action::kNone, [this](std::shared_ptr<GenericCall> call) {
                     std::make_shared<ReflectionCall>(*this, std::move(call))->Start();
                   });
}

void ReflectionService::EndCalls() {
  absl::flat_hash_map<const ReflectionCall*, std::weak_ptr<ReflectionCall>> calls;
  {
    common::MutexLock lock(mu_);
    ended_ = true;
    calls = calls_;
  }
  for (const auto& [_, weak] : calls) {
    if (const auto call = weak.lock()) call->Cancel();
  }
}

bool ReflectionService::Opened(const std::shared_ptr<ReflectionCall>& call) {
  common::MutexLock lock(mu_);
  return !ended_ && calls_.size() < kMaxCalls && calls_.emplace(call.get(), call).second;
}

void ReflectionService::Closed(const ReflectionCall* call) {
  common::MutexLock lock(mu_);
  calls_.erase(call);
}

}  // namespace liveness::rpc
