#include "tests/support/stores/faulty_disk.h"

#include <sqlite3.h>

#include <atomic>

#include "common/mutex.h"

namespace liveness::testing {

// What a call is to do. The shim's files point here.
struct FaultyDisk::Control {
  enum class Fault { kNone, kFail, kTear, kSyncs, kHang };
  // SQLITE_OK: go on. `half`: write half of it, then return the code.
  struct Verdict {
    int code = SQLITE_OK;
    bool half = false;
  };

  Verdict Next(bool is_sync) {
    common::MutexLock lock(mu);
    const std::uint64_t call = ++calls;
    if (fault == Fault::kHang) {
      ++hanging;
      changed.NotifyAll();
      while (fault == Fault::kHang) changed.Wait(mu);
      --hanging;
    }
    switch (fault) {
      case Fault::kFail: return {call >= first ? code : SQLITE_OK, false};
      case Fault::kTear: return {call >= first ? SQLITE_IOERR_WRITE : SQLITE_OK, call == first};
      case Fault::kSyncs: return {is_sync ? SQLITE_IOERR_FSYNC : SQLITE_OK, false};
      default: return {};
    }
  }

  void Set(Fault what, std::uint64_t n, int with) {
    common::MutexLock lock(mu);
    fault = what;
    first = calls + n;
    code = with;
    changed.NotifyAll();
  }

  std::string name;
  sqlite3_vfs shim{};
  sqlite3_vfs* real = nullptr;
  common::Mutex mu;
  common::CondVar changed;
  std::uint64_t calls ABSL_GUARDED_BY(mu) = 0;
  Fault fault ABSL_GUARDED_BY(mu) = Fault::kNone;
  std::uint64_t first ABSL_GUARDED_BY(mu) = 0;
  int code ABSL_GUARDED_BY(mu) = SQLITE_OK;
  int hanging ABSL_GUARDED_BY(mu) = 0;
};

namespace {

// The real file lies right behind it in the memory that SQLite gives.
struct File {
  sqlite3_file base;
  FaultyDisk::Control* control;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Of(file).real(); }
const sqlite3_io_methods& Do(sqlite3_file* file) { return *Real(file)->pMethods; }

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const auto verdict = Of(file).control->Next(false);
  if (verdict.half) (void)Do(file).xWrite(Real(file), bytes, size / 2, offset);
  if (verdict.code != SQLITE_OK) return verdict.code;
  return Do(file).xWrite(Real(file), bytes, size, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const auto verdict = Of(file).control->Next(false);
  return verdict.code != SQLITE_OK ? verdict.code : Do(file).xTruncate(Real(file), size);
}

int Sync(sqlite3_file* file, int flags) {
  const auto verdict = Of(file).control->Next(true);
  return verdict.code != SQLITE_OK ? verdict.code : Do(file).xSync(Real(file), flags);
}

// What changes nothing goes through.
const sqlite3_io_methods kMethods = {
    3,
    [](sqlite3_file* f) { return Do(f).xClose(Real(f)); },
    [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) { return Do(f).xRead(Real(f), to, size, at); },
    Write,
    Truncate,
    Sync,
    [](sqlite3_file* f, sqlite3_int64* size) { return Do(f).xFileSize(Real(f), size); },
    [](sqlite3_file* f, int level) { return Do(f).xLock(Real(f), level); },
    [](sqlite3_file* f, int level) { return Do(f).xUnlock(Real(f), level); },
    [](sqlite3_file* f, int* held) { return Do(f).xCheckReservedLock(Real(f), held); },
    [](sqlite3_file* f, int op, void* arg) { return Do(f).xFileControl(Real(f), op, arg); },
    [](sqlite3_file* f) { return Do(f).xSectorSize(Real(f)); },
    [](sqlite3_file* f) { return Do(f).xDeviceCharacteristics(Real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
      return Do(f).xShmMap(Real(f), page, size, extend, to);
    },
    [](sqlite3_file* f, int offset, int n, int flags) { return Do(f).xShmLock(Real(f), offset, n, flags); },
    [](sqlite3_file* f) { Do(f).xShmBarrier(Real(f)); },
    [](sqlite3_file* f, int flag) { return Do(f).xShmUnmap(Real(f), flag); },
    [](sqlite3_file* f, sqlite3_int64 at, int size, void** to) {
      return Do(f).xFetch(Real(f), at, size, to);
    },
    [](sqlite3_file* f, sqlite3_int64 at, void* from) { return Do(f).xUnfetch(Real(f), at, from); },
};

FaultyDisk::Control& ControlOf(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk::Control*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  FaultyDisk::Control& control = ControlOf(vfs);
  Of(file).control = &control;
  const int code = control.real->xOpen(control.real, name, Real(file), flags, out_flags);
  // Without methods SQLite does not close it.
  file->pMethods = Real(file)->pMethods == nullptr ? nullptr : &kMethods;
  return code;
}

}  // namespace

FaultyDisk::FaultyDisk() : control_(std::make_unique<Control>()) {
  static std::atomic<int> made{0};
  control_->name = "faulty-disk-" + std::to_string(++made);
  control_->real = sqlite3_vfs_find(nullptr);
  sqlite3_vfs& shim = control_->shim = *control_->real;
  shim.zName = control_->name.c_str();
  shim.pAppData = control_.get();
  shim.pNext = nullptr;
  shim.szOsFile = static_cast<int>(sizeof(File)) + control_->real->szOsFile;
  shim.xOpen = Open;
  shim.xDelete = [](sqlite3_vfs* vfs, const char* name, int sync) {
    sqlite3_vfs* const real = ControlOf(vfs).real;
    return real->xDelete(real, name, sync);
  };
  shim.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* result) {
    sqlite3_vfs* const real = ControlOf(vfs).real;
    return real->xAccess(real, name, flags, result);
  };
  shim.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
    sqlite3_vfs* const real = ControlOf(vfs).real;
    return real->xFullPathname(real, name, size, out);
  };
  sqlite3_vfs_register(&shim, 0);
}

FaultyDisk::~FaultyDisk() { sqlite3_vfs_unregister(&control_->shim); }

const std::string& FaultyDisk::vfs() const { return control_->name; }
void FaultyDisk::FailFrom(std::uint64_t n, int code) { control_->Set(Control::Fault::kFail, n, code); }
void FaultyDisk::TearAt(std::uint64_t n) { control_->Set(Control::Fault::kTear, n, 0); }
void FaultyDisk::FailSyncs() { control_->Set(Control::Fault::kSyncs, 0, 0); }
void FaultyDisk::Hang() { control_->Set(Control::Fault::kHang, 0, 0); }
void FaultyDisk::Heal() { control_->Set(Control::Fault::kNone, 0, 0); }

std::uint64_t FaultyDisk::calls() const {
  common::MutexLock lock(control_->mu);
  return control_->calls;
}

void FaultyDisk::AwaitHanging() {
  common::MutexLock lock(control_->mu);
  while (control_->hanging == 0) control_->changed.Wait(control_->mu);
}

}  // namespace liveness::testing
