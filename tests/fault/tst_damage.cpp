// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/unit/store/fixture.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace eventops;
using namespace eventops::test;

namespace fs = std::filesystem;

namespace {

std::string bytesOf(const std::string &path)
{
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(text).str();
}

void write(const std::string &path, const std::string &bytes)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

} // namespace

/// Files of a workspace are damaged between two runs: the next one starts, says what it set aside, and goes on.
class TestDamage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        // A workspace whose last session was killed, so that the log and its index are there.
        EVENTOPS_OK(m_bench.replay(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"));
        m_bench.restart();
        keepAsKilled();
        QVERIFY(fs::file_size(m_bench.folder() + "/aside/ledger.db-wal") > 0);
        m_fresh = m_bench.folder() + "/fresh.ndjson";
        std::ofstream(m_fresh) << "{\"fresh\":1}\n";
    }

    void damageIsNamed_data()
    {
        QTest::addColumn<QString>("file");
        for (const char *name : {"ledger.db", "ledger.db-wal", "pipeline.json"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }

    void damageIsNamed()
    {
        QFETCH(const QString, file);
        std::mt19937_64 random(11);
        int setAside = 0, refused = 0, unharmed = 0;
        const int tries = DamagesOfARound * faultRounds();
        for (int i = 0; i < tries; ++i) {
            m_bench.bringBack();
            const std::string path = m_bench.workspace() + '/' + file.toStdString();
            std::string bytes = bytesOf(path);
            if (i % 3 == 0) {
                bytes.resize(random() % bytes.size());
            } else {
                for (int flips = i % 3 == 1 ? 1 : 64; flips > 0; --flips)
                    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
            }
            write(path, bytes);
            QElapsedTimer timer;
            timer.start();
            const Status status = m_bench.replay(m_fresh);
            const qint64 took = timer.elapsed();
            QVERIFY2(took < 5'000, QByteArray::number(took));
            const auto summary = waitFor<WorkspaceSummary>([&](Done<WorkspaceSummary> done) {
                m_bench.backend().summary({"me", Role::Admin, {}}, false, std::move(done));
            });
            if (!status) { // named, and nothing was touched
                ++refused;
                QVERIFY2(status.error().text().find("ledger") != std::string::npos, status.error().text().c_str());
            } else {
                QVERIFY(summary);
                setAside += summary.value().setAside.empty() ? 0 : 1;
                unharmed += summary.value().setAside.empty() ? 1 : 0;
                QCOMPARE(soundness(m_bench.workspace()), std::string()); // nothing went on with a damaged ledger
            }
        }
        qInfo("%d damaged: %d set aside, %d refused by name, %d opened as they were", tries, setAside, refused,
              unharmed);
        QVERIFY(setAside + refused > 0 || file == QLatin1String("pipeline.json"));
    }

    void pipelineComesBackFromTheLedger()
    {
        m_bench.bringBack();
        const std::string path = m_bench.workspace() + "/pipeline.json";
        const std::string whole = bytesOf(path);
        write(path, whole.substr(0, whole.size() / 2));
        const auto health = waitFor<Health>(
            [&](Done<Health> done) { m_bench.backend().health({"me", Role::Admin, {}}, std::move(done)); });
        QVERIFY2(health, health ? "" : health.error().text().c_str());
        QCOMPARE(health.value().pipelineName, std::string("default"));
        QVERIFY(fs::exists(path + ".damaged-1"));
        QCOMPARE(bytesOf(path), whole);
    }

private:
    static constexpr int DamagesOfARound = 4;

    /// What the workspace's files are while a session writes, as a kill would leave them.
    void keepAsKilled()
    {
        const auto ledger = Ledger::open(m_bench.workspace(), LedgerMode::Engine, {});
        for (int i = 0; i < 5; ++i) {
            InputRow row;
            row.kind = "note";
            row.payload = std::string(20'000, 'x');
            row.afterSeq = 1;
            QVERIFY(ledger && ledger.value()->recordInput(row));
        }
        fs::remove_all(m_bench.folder() + "/aside");
        fs::copy(m_bench.workspace(), m_bench.folder() + "/aside", fs::copy_options::recursive);
    }

    FaultBench m_bench;
    std::string m_fresh;
};

EVENTOPS_TEST(TestDamage)
#include "tst_damage.moc"
