// SPDX-License-Identifier: MIT
#include "core/session/transform_desk.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

Error ending()
{
    return Error{Error::Code::Cancelled, "the server ends", {}, "send it again"};
}

} // namespace

TransformDesk::TransformDesk(Workspace workspace, Backend &backend, Options options)
    : m_workspace(std::move(workspace)), m_options(std::move(options)), m_pool(m_options.registry)
{
    if (m_options.forwards)
        m_forwarder = std::make_unique<TransformForwarder>(m_workspace, backend);
    if (m_options.forwards && m_options.queue.kind() != EventQueueSettings::Kind::Ledger)
        m_publisher = std::make_unique<TransformPublisher>(m_workspace, m_options.queue, m_options.clock,
                                                           m_options.told);
    if (m_options.consumes) {
        TransformConsumer::Options consumer;
        consumer.queue = m_options.queue;
        consumer.clock = m_options.clock;
        consumer.told = m_options.told;
        consumer.stored = [this] {
            if (m_forwarder != nullptr)
                m_forwarder->wake();
        };
        m_consumer = std::make_unique<TransformConsumer>(m_workspace, m_options.registry, std::move(consumer));
    }
    for (Lane *lane : {&m_calls, &m_tests})
        lane->thread = std::thread([this, lane] { work(*lane); });
}

TransformDesk::~TransformDesk()
{
    end(m_calls);
    end(m_tests);
    m_publisher.reset();
    m_consumer.reset();
    m_forwarder.reset();
}

void TransformDesk::end(Lane &lane)
{
    std::deque<Call> left;
    {
        const std::lock_guard lock(lane.mutex);
        lane.ended = true;
        left.swap(lane.calls);
    }
    lane.filled.notify_all();
    lane.thread.join();
    for (const Call &call : left)
        call.answer(ending());
}

void TransformDesk::enqueue(Lane &lane, Call call)
{
    {
        const std::lock_guard lock(lane.mutex);
        if (!lane.ended && lane.calls.size() < WaitingMax) {
            lane.calls.push_back(std::move(call));
            lane.filled.notify_one();
            return;
        }
    }
    call.answer(Error{Error::Code::Busy, "too many requests wait for the transformers' tables", {}, "try again soon"});
}

void TransformDesk::post(bool writes, Work work, Answer answer)
{
    enqueue(m_calls, {writes, std::move(work), std::move(answer)});
}

void TransformDesk::wake()
{
    if (m_publisher != nullptr)
        m_publisher->wake();
    if (m_consumer != nullptr)
        m_consumer->wake();
}

bool TransformDesk::isConsumed() const
{
    if (m_consumer != nullptr)
        return m_consumer->state() != TransformConsumer::State::Off;
    return !m_options.forwards || TransformConsumer::runsSomewhere(m_workspace); // who only reads cannot tell
}

WallNs TransformDesk::now() const
{
    return m_options.clock != nullptr ? m_options.clock->now() : m_systemClock.now();
}

Status TransformDesk::check(const TransformerSetup &setup) const
{
    const auto made = m_options.registry.make(setup);
    return made || made.error().code == Error::Code::Unavailable ? Status(Ok{}) : Status(made.error());
}

void TransformDesk::work(Lane &lane)
{
    for (;;) {
        std::deque<Call> calls;
        {
            std::unique_lock lock(lane.mutex);
            lane.filled.wait(lock, [&] { return lane.ended || !lane.calls.empty(); });
            if (lane.ended)
                return;
            calls.swap(lane.calls);
        }
        serve(lane, std::move(calls));
    }
}

Status TransformDesk::openStore(Lane &lane) const
{
    if (lane.store == nullptr || !lane.store->isCurrent())
        lane.store = EVENTOPS_TRY(TransformStore::open(m_workspace.directory, m_options.clock));
    return Ok{};
}

/// What was asked for together is one transaction, so that many events handed in cost one wait for the disk.
void TransformDesk::serve(Lane &lane, std::deque<Call> calls)
{
    const bool writes = std::any_of(calls.begin(), calls.end(), [](const Call &call) { return call.writes; });
    Status whole = openStore(lane);
    if (whole && writes)
        whole = lane.store->begin();
    std::vector<Status> each(calls.size(), whole);
    for (std::size_t i = 0; whole && i < calls.size(); ++i) {
        if (calls[i].writes)
            whole = lane.store->mark();
        if (!whole)
            break;
        each[i] = calls[i].work(*lane.store);
        if (calls[i].writes && !each[i])
            lane.store->undo();
        else if (calls[i].writes)
            whole = lane.store->keep();
    }
    if (writes && lane.store != nullptr) {
        if (whole)
            whole = lane.store->commit();
        else
            lane.store->rollback();
    }
    for (std::size_t i = 0; i < calls.size(); ++i)
        calls[i].answer(whole ? each[i] : whole);
}

void TransformDesk::dryRun(RawEvent event, Done<std::vector<DryRun>> done)
{
    const auto out = std::make_shared<std::vector<DryRun>>();
    const auto work = [this, event = std::move(event), out](TransformStore &store) -> Status {
        const TenantList tenants =
            event.tenant.empty() ? TenantList() : TenantList{event.tenant}; // of whom the source is
        for (const TransformSource &source : EVENTOPS_TRY(store.sourcesNamed(event.source, tenants))) {
            if (source.contentType != event.contentType)
                continue;
            for (const TransformerRow &row : EVENTOPS_TRY(store.transformers(source.id, tenants))) {
                if (!row.active)
                    continue;
                DryRun &run = out->emplace_back(DryRun{source.id, row.id, row.name, TransformerOutput()});
                auto transformer = m_pool.get(row);
                if (!transformer) {
                    run.output = transformer.error();
                    continue;
                }
                auto answers = transformer.value()->transform(std::span(&event, 1));
                run.output = std::move(answers.front());
                if (run.output) {
                    if (auto wrong = unfit(run.output.value()))
                        run.output = std::move(*wrong);
                }
            }
        }
        return Ok{};
    };
    enqueue(m_tests, {false, work, [out, done = std::move(done)](const Status &status) {
                          done(status ? Result<std::vector<DryRun>>(std::move(*out)) : status.error());
                      }});
}

} // namespace eventops
