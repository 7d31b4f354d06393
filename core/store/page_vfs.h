// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <string>

namespace eventops::sqlite {

// Checksums of the pages of a database file: the last 8 bytes of each page, which SQLite leaves alone
// (SQLITE_FCNTL_RESERVE_BYTES), hold the XXH3-64 of the rest. Written when a page goes into the file, verified when one
// comes out of it; the write-ahead log has checksums of its own. 0 stands for none: a hole, or a page that another
// program's checkpoint took out of the log, as a sqlite3 shell does that is the last one to close the file.
// After the idea of SQLite's checksum VFS (sqlite.org/cksumvfs.html), whose files ours are not compatible with.
//
// A file without reserved bytes is read and written as it is: ledgers from before there were checksums. What another
// program changes in a page that has one is found to be damaged: nobody but us writes a ledger.

constexpr int PageChecksumBytes = 8;
/// xFileControl: pages of this new file get checksums; the argument is an int, the size of a page.
constexpr int PageChecksumsControl = 0x45564f50;

/// The name of the VFS, for sqlite3_open_v2. Registers it on the first call; it stands over whatever the process's
/// default VFS is when a file is opened. Thread: any.
const char *pageVfs();

class Database;
/// Pages of this new, still empty database get checksums. Call after its page size was set.
Status givePageChecksums(Database &database, int pageBytes);

/// Of the page that the calling thread last found damaged: its number in the file; 0: none yet.
std::uint64_t lastDamagedPage();

/// True when the pages of the file have checksums. False as well: it cannot be read.
bool hasPageChecksums(const std::string &path);

/// Runs @p look while this process has no connection to the database at @p path and gets none; false: it has one, and
/// nothing was done. SQLite's locks are the process's (POSIX): who opens one of a database's files beside it and closes
/// that again takes them away from every connection here, and another process may then empty the index of the log under
/// a connection that writes. Thread: any.
bool whileNotOpen(const std::string &path, const std::function<void()> &look);

} // namespace eventops::sqlite
