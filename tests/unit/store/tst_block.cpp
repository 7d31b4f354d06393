// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/store/fixture.h"

#include "core/store/block_reader.h"
#include "core/store/block_writer.h"
#include "core/store/membership.h"
#include "core/store/number_column.h"

#include <sqlite3.h>

using namespace eventops;
using namespace eventops::test;

namespace {

/// A fixed sequence of numbers (xorshift64*, S. Vigna 2016).
struct Numbers {
    std::uint64_t state = 0x9e3779b97f4a7c15ULL;
    std::uint64_t operator()()
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return state * 0x2545f4914f6cdd1dULL;
    }
};

std::vector<std::int64_t> roundTrip(const std::vector<std::int64_t> &values, std::size_t *size = nullptr)
{
    NumberScratch scratch;
    std::string bytes;
    putIntegers(bytes, values, scratch);
    if (size != nullptr)
        *size = bytes.size();
    const std::string_view all = bytes;
    bytes.reserve(bytes.size() + 8);
    ByteReader in(std::string_view(bytes).substr(0, all.size()));
    std::vector<std::int64_t> out;
    if (!takeIntegers(in, values.size(), out) || !in.atEnd())
        out.assign(1, -12345);
    return out;
}

EncodedBlock encodeSample(std::size_t records)
{
    Numbers random;
    BatchMaker maker;
    for (std::size_t i = 0; i < records; ++i) {
        maker.record("record " + std::to_string(random() % 1000));
        Event &event = maker.event(
            "tenant", {{Field::Metric, i % 2 == 0 ? "cpu" : "mem"}, {Field::TsText, "2020-09-13T12:26:40Z"}});
        event.value = static_cast<double>(random() % 5000) / 100;
        event.hasValue = i % 7 != 0;
        event[Field::Message] = maker.batch().strings.append("unique " + std::to_string(random()));
        event[Field::Attrs] =
            random() % 4 == 0 ? NoStr : maker.batch().strings.intern("{\"n\":" + std::to_string(random() % 20) + "}");
    }
    const auto batch = maker.take();
    BlockRows rows;
    rows.segments.push_back({batch.get(), 0});
    for (const Event &event : batch->events)
        rows.events.push_back(&event);
    const std::int64_t sources[] = {1};
    BlockWriter writer;
    return std::move(writer.encode(rows, sources, true)).value();
}

} // namespace

class TestBlock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anotherProgramsCheckpointHarmsNothing()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        for (Seq seq = 1; seq < 50; ++seq) {
            BatchMaker maker(seq, seq * 10);
            maker.record("{}");
            maker.event("t", {{Field::Metric, "m"}});
            CommitGroup group = groupOf(maker.take());
            EVENTOPS_OK(ledger->commit(group));
            if (seq % 10 != 0)
                continue;
            sqlite3 *other = nullptr;
            QCOMPARE(sqlite3_open((workspace.path() + "/ledger.db").c_str(), &other), SQLITE_OK);
            QCOMPARE(sqlite3_wal_checkpoint_v2(other, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr),
                     SQLITE_OK);
            sqlite3_close(other);
        }
        ledger.reset();
        auto again = Ledger::open(workspace.path(), LedgerMode::Engine, {});
        QVERIFY2(again, errorText(again.value()->digest()).c_str());
        QCOMPARE(again.value()->eventCount().value(), std::uint64_t{49});
    }

    void everyFlippedBitOfAPageIsFound()
    {
        Workspace workspace;
        std::string finding;
        {
            auto ledger = workspace.open();
            BatchMaker maker;
            maker.record("{}");
            maker.event("t", {{Field::Metric, "m"}});
            CommitGroup group = groupOf(maker.take());
            for (int i = 0; i < 200; ++i) {
                Finding row;
                row.id = std::to_string(i);
                row.seq = 1;
                row.message = "an ordinary row, which has no checksum of its own " + row.id;
                group.findings.push_back(row);
            }
            EVENTOPS_OK(ledger->commit(group));
        }
        const std::string path = workspace.path() + "/ledger.db";
        QVERIFY(sqlite::hasPageChecksums(path));
        QFile file(QString::fromStdString(path));
        QVERIFY(file.open(QIODevice::ReadWrite));
        constexpr qint64 Page = 16'384;
        const qint64 message = file.readAll().indexOf("an ordinary row");
        QVERIFY(message > 0);
        const auto flip = [&](qint64 at, char bit) {
            file.seek(at);
            char byte = 0;
            file.peek(&byte, 1);
            byte = static_cast<char>(byte ^ bit);
            file.write(&byte, 1);
            file.flush();
        };
        // Of a row, of its page's checksum, of the first page, and of the byte that says that there are checksums.
        for (const qint64 at : {message, message / Page * Page + Page - 3, qint64{200}, qint64{20}}) {
            for (const char bit : {char{1}, char{8}}) {
                flip(at, bit);
                const auto opened = Ledger::open(workspace.path(), LedgerMode::Engine, {});
                QVERIFY2(!opened, std::to_string(at).c_str());
                QVERIFY2(opened.error().code == Error::Code::Corrupt, opened.error().text().c_str());
                if (at != 20) {
                    const std::string named = "page " + std::to_string(at / Page + 1) + " does not agree";
                    QVERIFY2(opened.error().message.find(named) != std::string::npos, opened.error().text().c_str());
                }
                flip(at, bit);
            }
        }
        QVERIFY(bool(Ledger::open(workspace.path(), LedgerMode::Engine, {})));
    }

    void integersOfAllShapes()
    {
        Numbers random;
        for (const std::size_t count :
             {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{64}, std::size_t{4096}}) {
            for (unsigned width = 0; width <= 64; ++width) {
                std::vector<std::int64_t> values(count), rising(count);
                std::uint64_t sum = 0;
                for (std::size_t i = 0; i < count; ++i) {
                    const std::uint64_t v = width == 0 ? 0 : random() >> (64 - width);
                    values[i] = static_cast<std::int64_t>(v);
                    rising[i] = static_cast<std::int64_t>(sum += v);
                }
                QCOMPARE(roundTrip(values), values);
                QCOMPARE(roundTrip(rising), rising);
            }
        }
        const std::vector<std::int64_t> extremes = {INT64_MIN, INT64_MAX, 0, -1, INT64_MIN, 1};
        QCOMPARE(roundTrip(extremes), extremes);
    }

    void integersAreSmall()
    {
        std::vector<std::int64_t> times(4096);
        for (std::size_t i = 0; i < times.size(); ++i)
            times[i] = 1'600'000'000'000'000'000 + static_cast<std::int64_t>(i / 3) * NsPerSecond;
        std::size_t size = 0;
        QCOMPARE(roundTrip(times, &size), times);
        QVERIFY2(size < 600, std::to_string(size).c_str());
        times[100] += 86'400 * NsPerSecond; // one outlier costs no more than itself
        times[101] -= 86'400 * NsPerSecond;
        QCOMPARE(roundTrip(times, &size), times);
        QVERIFY2(size < 700, std::to_string(size).c_str());
    }

    void membershipHasNoFalseNegatives()
    {
        Numbers random;
        std::vector<std::uint64_t> keys(10'000);
        for (std::uint64_t &key : keys)
            key = random();
        const std::string filter = Membership::build(keys);
        for (const std::uint64_t key : keys)
            QVERIFY(Membership::mayContain(filter, key));
        int wrong = 0;
        for (int i = 0; i < 100'000; ++i)
            wrong += Membership::mayContain(filter, random()) ? 1 : 0;
        QVERIFY2(wrong < 1'000, std::to_string(wrong).c_str());
        QVERIFY(Membership::mayContain("", 1));
    }

    void everyFlippedBitIsFound()
    {
        const EncodedBlock block = encodeSample(50);
        BlockReader reader;
        Batch batch;
        EVENTOPS_OK(reader.decode(block.bytes, "b", {}, batch));
        for (std::size_t bit = 0; bit < block.bytes.size() * 8; ++bit) {
            std::string damaged = block.bytes;
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
            const Status status = reader.decode(damaged, "event block 7", {}, batch);
            QVERIFY(!status);
            QCOMPARE(status.error().code, Error::Code::Corrupt);
            QVERIFY(status.error().message.starts_with("event block 7"));
        }
        for (std::size_t size = 0; size < block.bytes.size(); ++size)
            QVERIFY(!reader.decode(std::string_view(block.bytes).substr(0, size), "b", {}, batch));
    }

    void damageBehindTheChecksumNeverCrashes()
    {
        // With the checksum not looked at, every reader meets the damage itself.
        for (const std::size_t records : {std::size_t{1}, std::size_t{40}, std::size_t{400}}) {
            const EncodedBlock block = encodeSample(records);
            BlockReader reader;
            Batch batch;
            Numbers random;
            std::size_t refused = 0;
            for (int round = 0; round < 4'000; ++round) {
                std::string damaged = block.bytes;
                for (std::uint64_t n = random() % 3 + 1; n > 0; --n) {
                    const std::size_t at = (round % 2 == 0 ? random() % std::min<std::size_t>(damaged.size(), 80)
                                                           : random() % damaged.size());
                    damaged[at] = static_cast<char>(random());
                }
                const Status status = reader.decode(damaged, "b", {}, batch, false);
                if (!status) {
                    ++refused;
                    QCOMPARE(status.error().code, Error::Code::Corrupt);
                }
            }
            QVERIFY(refused > 0);
            EVENTOPS_OK(reader.decode(block.bytes, "b", {}, batch));
            for (int round = 0; round < 1'000; ++round) {
                std::string damaged = block.rawBytes;
                damaged[random() % damaged.size()] = static_cast<char>(random());
                static_cast<void>(bool(reader.decodeRaw(damaged, "b", batch, false)));
            }
        }
    }

    void damagedLedgerBlockIsNamed()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("r");
        maker.event("t", {});
        CommitGroup group = groupOf(maker.take());
        EVENTOPS_OK(ledger->commit(group));
        sqlite3 *other = nullptr;
        QCOMPARE(openAsWe(workspace.path() + "/ledger.db", &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other,
                              "UPDATE event_block SET data = x'01' || substr(data, 2, length(data) - 2) || x'00'",
                              nullptr, nullptr, nullptr),
                 SQLITE_OK);
        sqlite3_close(other);
        const auto digest = ledger->digest();
        QVERIFY(!digest);
        QCOMPARE(digest.error().code, Error::Code::Corrupt);
        QVERIFY(digest.error().message.starts_with("event block 1"));
        const Status sql =
            runSql(workspace.path(), "SELECT sum(seq) FROM event", [](std::string_view) { return true; });
        QVERIFY(!sql);
        QCOMPARE(sql.error().code, Error::Code::Corrupt);
    }

    void columnsCanBeLeftOut()
    {
        const EncodedBlock block = encodeSample(100);
        BlockReader reader;
        Batch batch;
        EVENTOPS_OK(reader.decode(block.bytes, "b", {1U << static_cast<unsigned>(Field::Metric)}, batch));
        QCOMPARE(batch.text(batch.events[0], Field::Metric), std::string_view("cpu"));
        QVERIFY(batch.events[0][Field::Message] == NoStr);
    }
};

EVENTOPS_TEST(TestBlock)
#include "tst_block.moc"
