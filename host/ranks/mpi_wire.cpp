// The wire among the processes of an MPI job. What it says of MPI's rules is in the standard, version 3.1.
// SPDX-License-Identifier: Apache-2.0
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <type_traits>
#include <vector>

#include "wire.h"

namespace chokepoint {

namespace {

constexpr int kTag = 1;
constexpr std::size_t kPiece = std::size_t{4} << 20;  // bytes in one call of MPI_Reduce, which takes temporary copies

// A message as bytes: what has a fixed length, then the text. All ranks run the same program.
struct Head {
  Message::Kind kind;
  Chunk chunk;
  double seconds;
  int number;
  bool secure;
};

std::string encoded(const Message& message) {
  const Head head{message.kind, message.chunk, message.seconds, message.number, message.secure};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes + message.text;
}

Message decoded(const std::string& bytes) {
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return {head.kind, head.chunk, head.seconds, head.number, head.secure, bytes.substr(sizeof head)};
}

// merge() as MPI wants it. By way of copies, because nobody says how MPI aligns its temporary memory.
template <class T>
void merge_all(void* from, void* to, int* count, MPI_Datatype*) {
  for (int i = 0; i < *count; ++i) {
    T one, sum;
    std::memcpy(&one, static_cast<std::byte*>(from) + i * sizeof(T), sizeof(T));
    std::memcpy(&sum, static_cast<std::byte*>(to) + i * sizeof(T), sizeof(T));
    merge(one, sum);
    std::memcpy(static_cast<std::byte*>(to) + i * sizeof(T), &sum, sizeof(T));
  }
}

void reduce_to_first(void* data, std::size_t count, std::size_t size, MPI_Datatype type, MPI_Op op) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const std::size_t piece = kPiece / size;
  for (std::size_t at = 0; at < count; at += piece) {
    void* const here = static_cast<std::byte*>(data) + at * size;
    MPI_Reduce(rank == 0 ? MPI_IN_PLACE : here, here, static_cast<int>(std::min(piece, count - at)), type, op, 0, MPI_COMM_WORLD);
  }
}

template <class T>
void merge_into_first(std::vector<T>& values) {
  MPI_Datatype type;
  MPI_Type_contiguous(sizeof(T), MPI_BYTE, &type);
  MPI_Type_commit(&type);
  MPI_Op op;
  MPI_Op_create(merge_all<T>, 1, &op);
  reduce_to_first(values.data(), values.size(), sizeof(T), type, op);
  MPI_Op_free(&op);
  MPI_Type_free(&type);
}

RankPlace find_place() {
  MPI_Comm node;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  RankPlace place;
  int ranks = 1;
  MPI_Comm_rank(node, &place.local_rank);
  MPI_Comm_size(node, &ranks);
  cpu_set_t own{};
  sched_getaffinity(0, sizeof own, &own);
  std::vector<cpu_set_t> all(static_cast<std::size_t>(ranks));
  MPI_Allgather(&own, sizeof own, MPI_BYTE, all.data(), sizeof own, MPI_BYTE, node);
  const auto same = [&](const cpu_set_t& other) { return CPU_EQUAL(&own, &other) != 0; };
  place.cpu_ranks = static_cast<int>(std::ranges::count_if(all, same));
  place.cpu_rank = static_cast<int>(std::count_if(all.begin(), all.begin() + place.local_rank, same));
  MPI_Comm_free(&node);
  return place;
}

class MpiWire final : public Wire {
 public:
  MpiWire() {
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    place_ = find_place();
  }
  ~MpiWire() override {
    for (Sent& message : sent_) MPI_Wait(&message.request, MPI_STATUS_IGNORE);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  RankPlace place() const override { return place_; }

  void send(int to, const Message& message) override {
    Sent& sent = sent_.emplace_back(encoded(message), MPI_REQUEST_NULL);
    MPI_Isend(sent.bytes.data(), static_cast<int>(sent.bytes.size()), MPI_BYTE, to, kTag, MPI_COMM_WORLD, &sent.request);
  }

  std::optional<std::pair<int, Message>> receive() override {
    sent_.remove_if([](Sent& message) {
      int done = 0;
      MPI_Test(&message.request, &done, MPI_STATUS_IGNORE);
      return done != 0;
    });
    int there = 0, length = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, &status);
    if (!there) return {};
    MPI_Get_count(&status, MPI_BYTE, &length);
    std::string bytes(static_cast<std::size_t>(length), '\0');
    MPI_Recv(bytes.data(), length, MPI_BYTE, status.MPI_SOURCE, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return std::pair{status.MPI_SOURCE, decoded(bytes)};
  }

  void reduce(Tallies& tallies) override {
    for_each_tally([&](const char*, auto member) { merge_into_first(tallies.*member); });
  }
  // Zero or a row: bit by bit, one or the other.
  void reduce(Sample& sample) override {
    for_each_sampled([&](const char*, auto member) {
      auto& values = sample.*member;
      reduce_to_first(values.data(), values.size() * sizeof values[0], 1, MPI_BYTE, MPI_BOR);
    });
  }

  void abort(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }

 private:
  struct Sent {
    Sent(std::string b, MPI_Request r) : bytes(std::move(b)), request(r) {}
    std::string bytes;  // that MPI still reads
    MPI_Request request;
  };

  int rank_ = 0, size_ = 1;
  RankPlace place_;
  std::list<Sent> sent_;
};

}  // namespace

bool built_with_mpi() { return true; }

std::string mpi_library() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string whole(text, static_cast<std::size_t>(length));
  return whole.substr(0, whole.find_first_of(",\n"));
}

std::unique_ptr<Wire> make_mpi_wire() { return std::make_unique<MpiWire>(); }

int leave_mpi(int code) {
  int started = 0;
  MPI_Initialized(&started);
  if (!started) return code;
  {
    int rank = 0, size = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    std::string bytes = encoded({Message::Kind::kLeave, {0, 0}, 0, code});
    for (int to = 1; rank == 0 && to < size; ++to)
      MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, kTag, MPI_COMM_WORLD);
  }
  MPI_Finalize();
  return code;
}

}  // namespace chokepoint
