#include "server/rpc/engine/message_bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace liveness::rpc {
namespace {

// Split into slices, as large or slow messages arrive.
grpc::ByteBuffer Split(const std::string& text, std::size_t slice_size) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < text.size(); at += slice_size)
    slices.emplace_back(text.substr(at, slice_size));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

TEST(MessageBytesTest, AMessageIsInOnePieceHoweverItCame) {
  const std::string text(3000, 'x');
  for (const std::size_t slice_size : {1U, 1000U, 4000U}) {
    const grpc::Slice slice = OneSlice(Split(text, slice_size));
    EXPECT_TRUE(std::ranges::equal(BytesOf(slice), text)) << "in slices of " << slice_size;
  }
  grpc::Slice empty;
  EXPECT_EQ(OneSlice(grpc::ByteBuffer(&empty, 1)).size(), 0U);
  EXPECT_EQ(OneSlice(grpc::ByteBuffer(nullptr, 0)).size(), 0U);
  EXPECT_EQ(OneSlice(grpc::ByteBuffer()).size(), 0U);
}

}  // namespace
}  // namespace liveness::rpc
