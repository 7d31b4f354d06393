// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_message.h"
#include "core/session/ingest_queue.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops::api {

// What all routes that take events have in common. Thread: any.

constexpr std::size_t UnpackedBytesMax = 16u << 20; ///< Of a body that comes packed.

/// The body of @p request as its sender wrote it, unpacked when Content-Encoding says gzip. Nothing: it is in @p
/// content; else the refusal: 415 for another coding, 400 for damage, 413 for more than UnpackedBytesMax.
std::optional<HttpResponse> readContent(const HttpRequest &request, std::string &content);

/// One record: all of @p bytes.
IngestRequest oneRecord(std::string bytes);
/// Each line that is not blank; none when there is none.
IngestRequest linesOf(std::string bytes);
/// The elements of an array; else the whole, which the dead letters take if it is no JSON.
IngestRequest documentsOf(std::string bytes);

/// {"stored":…,"duplicate":…,"skipped":…,"dead_lettered":…,"dead_letters":[{"record","reason","detail"}]}
std::string outcomeJson(const IngestOutcome &outcome);
/// True: all of it went to the dead letters.
bool isRefused(const IngestOutcome &outcome);

} // namespace eventops::api
