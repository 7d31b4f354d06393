// SPDX-License-Identifier: MIT
#include "core/base/bounded_queue.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/math.h"
#include "core/base/state_io.h"
#include "core/model/action.h"
#include "core/model/event_id.h"
#include "core/model/string_table.h"
#include "core/model/value.h"
#include "tests/support/test_main.h"

#include <cmath>
#include <limits>
#include <thread>

using namespace eventops;

namespace {

std::string python(double value)
{
    std::string out;
    appendPythonFloat(out, value);
    return out;
}

std::string quoted(std::string_view text)
{
    std::string out;
    appendJsonString(out, text);
    return out;
}

} // namespace

class TestBase : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void floatsAsPythonPrintsThem()
    {
        // Left: value; right: repr(value) of CPython 3.
        QCOMPARE(python(92), std::string("92.0"));
        QCOMPARE(python(85.5), std::string("85.5"));
        QCOMPARE(python(0.1), std::string("0.1"));
        QCOMPARE(python(-0.0), std::string("-0.0"));
        QCOMPARE(python(1e16), std::string("1e+16"));
        QCOMPARE(python(123456789012345680.0), std::string("1.2345678901234568e+17"));
        QCOMPARE(python(9999999999999998.0), std::string("9999999999999998.0"));
        QCOMPARE(python(0.0001), std::string("0.0001"));
        QCOMPARE(python(0.00001), std::string("1e-05"));
        QCOMPARE(python(1.5e-7), std::string("1.5e-07"));
        QCOMPARE(python(1e100), std::string("1e+100"));
    }

    void jsonStringsAreAlwaysValid()
    {
        QCOMPARE(quoted("a\"b\\c\n\x01"), std::string("\"a\\\"b\\\\c\\n\\u0001\""));
        QCOMPARE(quoted("Grüße €\xF0\x9F\x98\x80"), std::string("\"Grüße €\xF0\x9F\x98\x80\""));
        QCOMPARE(quoted("x\xFF\xC3y"), std::string("\"x\xEF\xBF\xBD\xEF\xBF\xBDy\""));
        QCOMPARE(quoted("\xED\xA0\x80"), std::string("\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"")); // a surrogate
        QCOMPARE(quoted("\xC0\xAF"), std::string("\"\xEF\xBF\xBD\xEF\xBF\xBD\""));                 // overlong
    }

    void jsonWriterPutsCommas()
    {
        std::string out;
        JsonWriter(out).beginObject().field("a", "x").key("b").beginArray().integer(-1).number(0.5).null().endArray()
            .key("c").beginObject().endObject().key("d").unsignedInteger(18446744073709551615ULL).endObject();
        QCOMPARE(out, std::string(R"({"a":"x","b":[-1,0.5,null],"c":{},"d":18446744073709551615})"));
    }

    void logarithmsAgreeWithTheLibrary()
    {
        for (double x = 1e-300; x < 1e300; x *= 1.37) {
            QVERIFY(std::abs(detLog2(x) - std::log2(x)) <= 1e-12 * std::max(1.0, std::abs(std::log2(x))));
        }
        QCOMPARE(detLog2(1.0), 0.0);
        QCOMPARE(detLog2(1024.0), 10.0);
        QCOMPARE(detLog2(std::numeric_limits<double>::denorm_min()), -1074.0);
        QCOMPARE(detLog2(0.0), -1075.0);
        for (double x = -1020; x < 1020; x += 0.37)
            QVERIFY(std::abs(detExp2(x) / std::exp2(x) - 1.0) < 1e-12);
        QCOMPARE(detExp2(-2000.0), 0.0);
        QVERIFY(std::isinf(detExp2(5000.0)));
    }

    void hashesAreThePublishedOnes()
    {
        QCOMPARE(sha256Hex("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        QCOMPARE(hash64(""), std::uint64_t{0x2d06800538d394c2}); // XXH3_64bits("")
        StreamHash64 stream;
        stream.update("ab");
        stream.update("c");
        QCOMPARE(stream.digest(), hash64("abc"));
    }

    void stateSurvivesAndDamageIsSeen()
    {
        StateWriter out;
        out.u64(0);
        out.u64(std::numeric_limits<std::uint64_t>::max());
        out.i64(std::numeric_limits<std::int64_t>::min());
        out.f64(-0.1);
        out.text("text");
        StateReader in(out.bytes());
        QCOMPARE(in.u64(), std::uint64_t{0});
        QCOMPARE(in.u64(), std::numeric_limits<std::uint64_t>::max());
        QCOMPARE(in.i64(), std::numeric_limits<std::int64_t>::min());
        QCOMPARE(in.f64(), -0.1);
        QCOMPARE(std::string(in.text()), std::string("text"));
        QVERIFY(bool(in.finish()));
        for (std::size_t cut = 0; cut < out.bytes().size(); ++cut) {
            StateReader damaged(std::string_view(out.bytes()).substr(0, cut));
            damaged.u64();
            damaged.u64();
            damaged.i64();
            damaged.f64();
            damaged.text();
            QVERIFY(!damaged.finish());
        }
    }

    void stringTableInterns()
    {
        StringTable table;
        for (int round = 0; round < 3; ++round) {
            std::vector<StrId> ids;
            for (int i = 0; i < 5000; ++i)
                ids.push_back(table.intern("text-" + std::to_string(i)));
            for (int i = 0; i < 5000; ++i) {
                QCOMPARE(table.intern("text-" + std::to_string(i)), ids[static_cast<std::size_t>(i)]);
                QCOMPARE(std::string(table.text(ids[static_cast<std::size_t>(i)])), "text-" + std::to_string(i));
            }
            QVERIFY(table.intern("") != NoStr);
            QVERIFY(table.append("text-1") != ids[1]);
            QCOMPARE(table.hash(ids[1]), hash64("text-1"));
            const std::string big(1 << 20, 'x');
            QVERIFY(table.text(table.append(big)) == big);
            table.clear();
        }
        QCOMPARE(table.size(), std::size_t{1});
    }

    void derivedIdsAreUuids()
    {
        const std::string id = derivedEventId("key", 17, 99, 0);
        QCOMPARE(id.size(), std::size_t{36});
        QCOMPARE(id[14], '8');
        QVERIFY(std::string("89ab").find(id[19]) != std::string::npos);
        QCOMPARE(derivedEventId("key", 17, 99, 0), id);
        QVERIFY(derivedEventId("key", 17, 99, 1) != id);
        QVERIFY(derivedId({"ab", "c"}) != derivedId({"a", "bc"}));
    }

    void valuesSayWhereTheyAreWrong()
    {
        const Value value = Value::scalar("ninety", {"rules.yaml", 4, 12});
        const auto number = value.number();
        QVERIFY(!number);
        QCOMPARE(number.error().text(), std::string("rules.yaml:4:12: expected a number, found \"ninety\""));
        std::string json;
        Value::map({{"a", Value::scalar("007")},
                    {"b", Value::scalar("9007199254740993")},
                    {"c", Value::scalar("true", {}, true)}})
            .appendJson(json);
        QCOMPARE(json, std::string(R"({"a":"007","b":9007199254740993,"c":"true"})"));
    }

    void theAuditHashCoversEveryField()
    {
        AuditRow row{1, WallNs{5}, "ann", "approved", "x.1", "{}", "", ""};
        const std::string hash = row.computeHash();
        const auto changed = [&](auto change) {
            AuditRow other = row;
            change(other);
            return other.computeHash() != hash;
        };
        QVERIFY(changed([](AuditRow &r) { r.number = 2; }));
        QVERIFY(changed([](AuditRow &r) { r.at = WallNs{6}; }));
        QVERIFY(changed([](AuditRow &r) { r.actor = "bob"; }));
        QVERIFY(changed([](AuditRow &r) { r.verb = "rejected"; }));
        QVERIFY(changed([](AuditRow &r) { r.subject = "x.2"; }));
        QVERIFY(changed([](AuditRow &r) { r.detail = "{\"a\":1}"; }));
        QVERIFY(changed([](AuditRow &r) { r.previousHash = "0"; }));
    }

    void aQueueHoldsBackItsProducer()
    {
        BoundedQueue<int> queue(2);
        std::thread producer([&] {
            for (int i = 0; i < 1000; ++i)
                queue.push(i);
            queue.close();
        });
        int expected = 0;
        while (const auto item = queue.pop()) {
            QCOMPARE(*item, expected++);
            QVERIFY(queue.size() <= 2);
        }
        producer.join();
        QCOMPARE(expected, 1000);
        QVERIFY(!queue.push(1));
    }
};

EVENTOPS_TEST(TestBase)
#include "tst_base.moc"
