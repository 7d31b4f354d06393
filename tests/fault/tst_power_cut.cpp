// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/fault/fault_vfs.h"
#include "tests/unit/store/fixture.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

/// Files as a disk may hold them. What is not synced may be there or not, write by write, and a write may be torn at a
/// sector's border; the order in which the folder's entries change is kept.
class DiskModel
{
public:
    void apply(const RecordedOp &op)
    {
        switch (op.kind) {
        case RecordedOp::Kind::Write:
        case RecordedOp::Kind::Truncate: m_unsynced.push_back(&op); break;
        case RecordedOp::Kind::Sync:
            for (const RecordedOp *pending : m_unsynced) {
                if (pending->inode == op.inode)
                    put(m_durable[op.inode], *pending, SIZE_MAX);
            }
            std::erase_if(m_unsynced, [&](const RecordedOp *pending) { return pending->inode == op.inode; });
            break;
        default: m_folder.push_back(&op); break;
        }
        if (op.syncFolder) {
            changeFolder(m_names, m_folder.size());
            m_folder.clear();
        }
    }

    std::size_t unsynced() const { return m_unsynced.size(); }

    /// Files after a power cut now: the first @p prefix writes, or, from `unsynced() + 1` on, any of them.
    std::map<std::string, std::string> image(std::size_t prefix, std::mt19937_64 &random) const
    {
        auto files = m_durable;
        const bool any = prefix > m_unsynced.size();
        for (std::size_t i = 0; i < m_unsynced.size(); ++i) {
            const RecordedOp &op = *m_unsynced[i];
            if (any ? random() % 2 == 0 : i >= prefix)
                continue;
            const bool torn = any && random() % 4 == 0;
            put(files[op.inode], op, torn ? random() % (op.bytes.size() / Sector + 1) * Sector : SIZE_MAX);
        }
        auto names = m_names;
        changeFolder(names, any ? random() % (m_folder.size() + 1) : m_folder.size());
        std::map<std::string, std::string> out;
        for (const auto &[name, inode] : names)
            out[name] = files[inode];
        return out;
    }

private:
    static constexpr std::size_t Sector = 512;

    static void put(std::string &file, const RecordedOp &op, std::size_t bytes)
    {
        if (op.kind == RecordedOp::Kind::Truncate) {
            file.resize(op.offset);
            return;
        }
        const std::string_view written = std::string_view(op.bytes).substr(0, bytes);
        file.resize(std::max<std::size_t>(file.size(), op.offset + written.size()));
        file.replace(op.offset, written.size(), written);
    }

    void changeFolder(std::map<std::string, std::size_t> &names, std::size_t changes) const
    {
        for (std::size_t i = 0; i < changes; ++i) {
            if (m_folder[i]->kind == RecordedOp::Kind::Create)
                names[m_folder[i]->name] = m_folder[i]->inode;
            else
                names.erase(m_folder[i]->name);
        }
    }

    std::map<std::size_t, std::string> m_durable;
    std::map<std::string, std::size_t> m_names;
    std::vector<const RecordedOp *> m_unsynced, m_folder;
};

} // namespace

/// The power goes out at any sync: the ledger opens, is sound, and holds all that was acknowledged before.
class TestPowerCut : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingAcknowledgedIsLost()
    {
        const QTemporaryDir folder(QString::fromStdString(fastFolder() + "/eventops-power-XXXXXX"));
        const std::string recorded = folder.path().toStdString() + "/recorded";
        const std::vector<RecordedOp> ops = record(recorded);
        const auto syncs = std::count_if(ops.begin(), ops.end(),
                                         [](const auto &op) { return op.kind == RecordedOp::Kind::Sync; });
        const int wanted = ImagesOfARound * faultRounds();
        const int eachSync = wanted / static_cast<int>(syncs) + 1;

        DiskModel disk;
        std::mt19937_64 random(4);
        Seq acknowledged = 0;
        int images = 0;
        for (const RecordedOp &op : ops) {
            if (op.kind == RecordedOp::Kind::Mark)
                acknowledged = op.offset;
            for (int i = 0; i < eachSync && op.kind == RecordedOp::Kind::Sync; ++i, ++images) {
                // First every prefix, as far as the count goes; then any of the writes.
                const auto prefix = static_cast<std::size_t>(i) * (disk.unsynced() + 1)
                                    / std::max<std::size_t>(1, static_cast<std::size_t>(eachSync) / 2);
                const std::string wrong =
                    check(folder.path().toStdString() + "/cut", disk.image(prefix, random), acknowledged);
                QVERIFY2(wrong.empty(), ("image " + std::to_string(images) + ": " + wrong).c_str());
            }
            disk.apply(op);
        }
        QVERIFY(images >= wanted);
        QVERIFY(acknowledged > 0);
        qInfo("%d images at %d syncs", images, static_cast<int>(syncs));
    }

private:
    static constexpr int ImagesOfARound = 200;

    /// Several sessions with several commits; each end of a session takes the log into the database.
    static std::vector<RecordedOp> record(const std::string &workspace)
    {
        FaultVfs &vfs = FaultVfs::install();
        std::filesystem::create_directory(workspace);
        vfs.startRecording(workspace);
        Seq seq = 0;
        std::uint64_t position = 0;
        for (int session = 0; session < 6; ++session) {
            const auto ledger = Ledger::open(workspace, LedgerMode::Engine, {});
            for (int commit = 0; ledger && commit < 4; ++commit) {
                BatchMaker maker(seq + 1, position);
                for (int i = 0; i < 60; ++i) {
                    maker.record("record " + std::to_string(seq) + '/' + std::to_string(i));
                    maker.event("acme", {{Field::Message, "m" + std::to_string(i)},
                                         {Field::IdempotencyKey, std::to_string(seq + static_cast<Seq>(i))}});
                }
                maker.deadLetter("bad", "invalid_json", "no");
                seq = maker.lastSeq();
                position = maker.position();
                CommitGroup group = groupOf(maker.take());
                if (ledger.value()->commit(group))
                    vfs.mark(seq);
            }
        }
        return vfs.stopRecording();
    }

    static std::string check(const std::string &workspace, const std::map<std::string, std::string> &files,
                             Seq acknowledged)
    {
        std::filesystem::remove_all(workspace);
        std::filesystem::create_directory(workspace);
        for (const auto &[name, bytes] : files)
            std::ofstream(workspace + '/' + name, std::ios::binary) << bytes;
        {
            const auto ledger = Ledger::open(workspace, LedgerMode::Engine, {});
            if (!ledger)
                return ledger.error().text();
            const auto last = ledger.value()->lastSeq();
            if (!last || last.value() < acknowledged)
                return "lost: acknowledged up to " + std::to_string(acknowledged);
        }
        return soundness(workspace);
    }
};

EVENTOPS_TEST(TestPowerCut)
#include "tst_power_cut.moc"
