// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "pipelines/stages/normalize/expression.h"

#include <string>

namespace eventops::normalize {

/// True when @p document is a MongoDB change event: it has `operationType` and `ns`.
bool isChangeEvent(const Document &document);

/// The event's fields from a MongoDB change event, as Karma's normalizer gives them (contracts 3.1): type =
/// operationType, entity = _id of the document, correlation id = documentKey._id, idempotency key
/// mongo:<entity>:<operation>:<clusterTime>, source {"system":"mongo","ns":{db,coll}}, time from clusterTime, wallTime
/// or ts. @p clear: the document, @p shown: the same with personal data hashed.
void readChangeEvent(Batch &batch, Event &event, const Document &clear, const Document &shown);

} // namespace eventops::normalize
