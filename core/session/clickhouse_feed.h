// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/clickhouse_writer.h"
#include "core/session/ledger_follower.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace eventops {

/// To which ClickHouse a workspace is projected: `clickhouse.json` in it. Holds no secret.
struct ClickHouseSettings {
    std::string url = "http://localhost:8123";
    std::string database;     ///< Empty: the contract's.
    std::string user;
    std::string passwordFile; ///< Its first line; else the environment.
    unsigned ttlDays = 0;     ///< events_raw forgets after as many days; 0: never.
    bool allowHttp = false;   ///< A password may go to another machine over plain http.

    static std::string file(const Workspace &workspace) { return workspace.directory + "/clickhouse.json"; }
    static std::string markFile(const Workspace &workspace) { return workspace.directory + "/clickhouse.mark"; }
    /// NotFound: the workspace is projected to none. InvalidConfig names the member.
    static Result<ClickHouseSettings> read(const Workspace &workspace);
    Status write(const Workspace &workspace) const;
    /// With user and password from file and environment; see withClickHouseEnvironment.
    Result<lake::ClickHouseAddress> address() const;
};
/// True when every later run projects this workspace to a ClickHouse.
bool hasClickHouse(const Workspace &workspace);

/// Feeds a ClickHouse from what the ledger has committed: events, findings, and every step of every action. It only
/// ever reads the ledger, never while it waits for the network. Thread: one.
class ClickHouseFeed
{
public:
    struct Options {
        bool forget = false;      ///< The mark counts for nothing; see ClickHouseWriter.
        unsigned attemptsMax = 8;
    };
    /// Takes the workspace's "clickhouse" lock and makes the tables. Busy, NotFound (no ledger yet), and
    /// ClickHouseWriter's.
    static Result<std::unique_ptr<ClickHouseFeed>> open(const Workspace &workspace, const ClickHouseSettings &settings,
                                                        const Options &options, std::function<bool()> mustStop);

    /// Projects everything that is committed by now. Cancelled: stopped; what was sent is kept.
    Status catchUp();

    const lake::ClickHouseMark &mark() const { return m_writer->mark(); }
    const lake::ClickHouseServer &server() const { return m_writer->server(); }
    /// What the server cannot, why the mark began anew, what retention dropped before it was sent; empty: nothing.
    const std::string &notice() const { return m_notice; }
    Result<std::uint64_t> changeCounter() { return m_ledger->changeCounter(); }

private:
    ClickHouseFeed(FileLock lock, std::unique_ptr<Ledger> ledger, std::unique_ptr<lake::ClickHouseWriter> writer,
                   std::string notice, std::function<bool()> mustStop)
        : m_lock(std::move(lock)),
          m_ledger(std::move(ledger)),
          m_writer(std::move(writer)),
          m_notice(std::move(notice)),
          m_mustStop(std::move(mustStop))
    {
    }
    Result<bool> pushEvents(Seq last);
    Result<bool> pushFindings();
    Result<bool> pushHistory();
    Result<bool> pushFeatures(Seq last);

    FileLock m_lock;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<lake::ClickHouseWriter> m_writer;
    const std::string m_notice;
    std::function<bool()> m_mustStop;
};

/// Keeps a ClickHouse close to the ledger while an engine runs. A server that is away costs nothing but a notice: the
/// projector tries again every few seconds. Thread: the one that made it.
class ClickHouseProjector
{
public:
    struct State {
        bool working = false;
        std::string notice; ///< What the server cannot, or why the projection stands still; empty: all is well.
        lake::ClickHouseMark mark;
    };
    ClickHouseProjector(Workspace workspace, const std::atomic<bool> *stop, std::function<void(const State &)> changed);
    ~ClickHouseProjector(); ///< Ends without catching up, if `finish` was not called.

    /// Catches up with the ledger and ends. An error leaves the ledger as it is: a later run goes on.
    Status finish() { return m_follower.finish(); }

private:
    class Steps;
    const Workspace m_workspace;
    const std::function<void(const State &)> m_changed;
    LedgerFollower m_follower; ///< Last: its thread uses the others.
};

} // namespace eventops
