#include <algorithm>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/operate/reflection_service.h"

namespace liveness::rpc {
namespace {

using Request = reflection::ServerReflectionRequest;
using Response = reflection::ServerReflectionResponse;

TEST(ReflectionTest, AFileComesAfterAllThatItImports) {
  (void)v1::Client::default_instance();  // keeps the contract linked in
  Request request;
  request.set_file_containing_symbol("liveness.v1.RegistryService.WatchClients");
  const Response response = Reflect({}, request);
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(bytes));
    for (const std::string& import : file.dependency()) {
      EXPECT_NE(std::find(names.begin(), names.end(), import), names.end())
          << file.name() << " before " << import;
    }
    names.push_back(file.name());
  }
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.back(), "liveness/v1/registry_service.proto");
}

TEST(ReflectionTest, ListsWhatItWasGivenAndEchoesTheRequest) {
  Request request;
  request.set_host("here");
  request.set_list_services("");
  const Response response = Reflect({"a.A", "b.B"}, request);
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(1).name(), "b.B");
  EXPECT_EQ(response.valid_host(), "here");
  EXPECT_TRUE(response.original_request().has_list_services());
}

TEST(ReflectionTest, WhatIsNotThereIsNotFound) {
  Request by_name;
  by_name.set_file_by_filename("no/such.proto");
  Request by_symbol;
  by_symbol.set_file_containing_symbol("no.such.Thing");
  Request by_extension;
  by_extension.mutable_file_containing_extension()->set_containing_type("liveness.v1.Client");
  by_extension.mutable_file_containing_extension()->set_extension_number(1000);
  Request numbers;
  numbers.set_all_extension_numbers_of_type("no.such.Thing");
  for (const Request& request : {by_name, by_symbol, by_extension, numbers}) {
    EXPECT_EQ(Reflect({}, request).error_response().error_code(), 5) << request.ShortDebugString();
  }
  EXPECT_EQ(Reflect({}, Request()).error_response().error_code(), 3);
}

}  // namespace
}  // namespace liveness::rpc
