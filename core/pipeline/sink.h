// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/model/entity.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// An event on its way out. `json` is the event as `eventops query events --json` writes it, and what a sink keeps is
/// that, byte for byte; the other members are in it as well and stand here so that no sink need read JSON.
struct SinkDocument {
    std::string key;  ///< Tells it from every other event of the workspace, the same whenever it is sent again: its
                      ///< id, where needed with its tenant and idempotency key; see resources/docs/sinks.md.
    std::string id;   ///< As the event has it.
    std::string json; ///< One line without its end.
    WallNs ts = NoTime;
    std::string tenant, type, entityType, entityId, severity, message, metric;
    std::string tags;     ///< JSON object; empty: none.
    std::string entities; ///< JSON array of {type,id} beyond the entity; empty: none.
    std::string links;    ///< JSON array of {source,target,type}; empty: none.
};

/// A document that the peer took none of, however often it would be offered.
struct SinkRefusal {
    std::size_t document = 0; ///< Place in the batch.
    std::string why;          ///< The peer's words, one line.
};

/// What a sink finds around it.
struct SinkSurroundings {
    std::string directory;          ///< Relative names of secret files count from here; empty: the current one.
    std::function<bool()> mustStop; ///< Asked often; once true, what is under way soon ends with Cancelled.
};

/// Somewhere that events go besides the ledger. Who feeds it keeps how far it got, tries again, and offers a batch
/// again after any doubt, so writing the same documents twice must be as writing them once: `key` is the key there.
/// Thread: one.
class Sink
{
public:
    virtual ~Sink();
    /// Connects, checks, and makes there what is missing (index, table, constraint, collection). Called before the
    /// first batch and again after any error. Unavailable: the peer is away; anything else: what to mend, in words.
    virtual Status open() = 0;
    /// All of @p batch but the refused ones is there when this returns a value. InvalidInput: the peer refuses this
    /// batch as a whole for what is in it; it is offered again in halves, down to single documents, which then are
    /// refused. Any other error: nothing is known, all is offered again later.
    virtual Result<std::vector<SinkRefusal>> write(std::span<const SinkDocument> batch) = 0;
    /// True: the links that stages found between entities come as well, by `writeLinks`, on the terms of `write`.
    virtual bool wantsLinks() const { return false; }
    virtual Status writeLinks(std::span<const Link>) { return Ok{}; }
    virtual std::string target() const = 0; ///< Where it goes, without secrets: "http://host:9200/events". Another
                                            ///< target begins at the beginning of the ledger.
    /// So long the peer asked to be left alone with its last error; 0: it said nothing.
    virtual std::int64_t retryAfterMs() const { return 0; }
};

} // namespace eventops
