// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/capture_file.h"
#include "core/session/backend.h"

#include <memory>

namespace eventops {

/// Raw records into one of the raw forms. Thread: one.
class RecordForm
{
public:
    virtual ~RecordForm();
    /// Appends a record of @p source (CaptureRecord::source is not looked at). @p whole: everything that the workspace
    /// has of the source is exported. True: the record's white space was changed to fit a line. Refused: the form
    /// cannot hold these bytes.
    virtual Result<bool> add(const SourceRow &source, bool whole, const CaptureRecord &record) = 0;
    virtual Status finish() { return Ok{}; }
};

/// @p form: Capture, Ndjson or Kcat.
Result<std::unique_ptr<RecordForm>> makeRecordForm(ExportForm form, ByteSink sink);

} // namespace eventops
