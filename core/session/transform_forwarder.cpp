// SPDX-License-Identifier: MIT
#include "core/session/transform_consumer.h"

#include <chrono>
#include <future>

namespace eventops {
namespace {

constexpr std::uint64_t DocumentsMax = 1'000; ///< Of one request …
constexpr std::size_t BytesMax = 4u << 20;    ///< … and their bytes, but for a single one.
constexpr std::chrono::milliseconds LookTime{500};

} // namespace

TransformForwarder::TransformForwarder(Workspace workspace, Backend &backend)
    : m_workspace(std::move(workspace)), m_backend(backend), m_thread([this] { work(); })
{
}

TransformForwarder::~TransformForwarder()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void TransformForwarder::wake()
{
    const std::lock_guard lock(m_mutex);
    m_woken = true;
    m_wake.notify_all();
}

void TransformForwarder::work()
{
    for (;;) {
        const auto more = step(); // what goes wrong is tried again
        std::unique_lock lock(m_mutex);
        if (!more) // Busy, mostly: another command has the engine
            m_wake.wait_for(lock, LookTime, [this] { return m_ended; });
        else if (!more.value())
            m_wake.wait_for(lock, LookTime, [this] { return m_ended || m_woken; });
        m_woken = false;
        if (m_ended)
            return;
    }
}

Result<bool> TransformForwarder::step()
{
    if (m_store == nullptr || !m_store->isCurrent())
        m_store = EVENTOPS_TRY(TransformStore::open(m_workspace.directory));
    const auto documents = EVENTOPS_TRY(m_store->outgoing(DocumentsMax));
    if (documents.empty())
        return false;
    IngestRequest request;
    std::int64_t last = 0;
    for (const TransformStore::Outgoing &one : documents) {
        if (!request.records.empty() && request.bytes.size() + one.document.size() > BytesMax)
            break;
        request.records.push_back(
            {static_cast<std::uint32_t>(request.bytes.size()), static_cast<std::uint32_t>(one.document.size())});
        request.bytes += one.document;
        request.bytes += '\n';
        last = one.id;
    }
    EVENTOPS_TRY(handIn(std::move(request)));
    EVENTOPS_TRY(m_store->dropOutgoing(last));
    return true;
}

Status TransformForwarder::handIn(IngestRequest request)
{
    const auto answer = std::make_shared<std::promise<Status>>(); // who answers may be later than we
    auto answered = answer->get_future();
    m_backend.ingest({"transformers", Role::Admin, {}}, std::move(request),
                     [answer](const Result<IngestOutcome> &outcome) {
                         answer->set_value(outcome ? Status(Ok{}) : Status(outcome.error()));
                     });
    while (answered.wait_for(LookTime) != std::future_status::ready) {
        const std::lock_guard lock(m_mutex);
        if (m_ended)
            return Error{Error::Code::Cancelled, "ended"};
    }
    return answered.get();
}

} // namespace eventops
