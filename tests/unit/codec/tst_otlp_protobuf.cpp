// SPDX-License-Identifier: MIT
//
// OTLP's requests in Protocol Buffers: the fixtures otlp/*.pb were written by OpenTelemetry's own Python package from
// the documents beside them, which are what its messages are in OTLP's JSON.
#include "tests/support/test_main.h"

#include "core/codec/json_reader.h"
#include "core/codec/otlp_protobuf.h"
#include "core/codec/protobuf.h"
#include "tests/unit/codec/codec_fixture.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

using namespace eventops;
using namespace eventops::test;

namespace {

std::string fixture(const std::string &name)
{
    return readFile(EVENTOPS_SOURCE_DIR "/tests/unit/codec/otlp/" + name);
}

constexpr std::pair<OtlpExport, const char *> Signals[] = {
    {OtlpExport::Logs, "logs"}, {OtlpExport::Metrics, "metrics"}, {OtlpExport::Traces, "traces"}};

QJsonObject parsed(const std::string &json)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
}

} // namespace

class TestOtlpProtobuf : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void requestsAreTheirJson()
    {
        for (const auto &[signal, name] : Signals) {
            const auto json = otlpJson(signal, fixture(std::string(name) + ".pb"));
            QVERIFY2(bool(json), json ? "" : json.error().text().c_str());
            JsonReader reader;
            QVERIFY(!reader.read(json.value()));
            const QJsonObject expected = parsed(fixture(std::string(name) + ".json"));
            QVERIFY(!expected.isEmpty());
            QVERIFY2(parsed(json.value()) == expected, json.value().c_str());
        }
    }

    void theFormatsReadThem()
    {
        const std::size_t counts[] = {2, 6, 1};
        for (std::size_t i = 0; i < std::size(Signals); ++i) {
            const auto &[signal, name] = Signals[i];
            const Decoded in = decodeOne("auto", otlpJson(signal, fixture(std::string(name) + ".pb")).value());
            QCOMPARE(in.details[0], std::string());
            QCOMPARE(in.text(Field::Codec), "otlp." + std::string(name));
            QCOMPARE(in.batch.events.size(), counts[i]);
            QCOMPARE(in.text(Field::EntityId), std::string("shop"));
        }
        const Decoded logs = decodeOne("otlp.logs", otlpJson(OtlpExport::Logs, fixture("logs.pb")).value());
        QCOMPARE(logs.text(Field::TraceId), std::string("5b8aa5a2d2c872e8321cf37308d69df2"));
        QVERIFY(logs.text(Field::Attrs).find("\"-9007199254740993\"") != std::string::npos);
    }

    void damageIsToldAndNeverHarms()
    {
        for (const auto &[signal, name] : Signals) {
            const std::string whole = fixture(std::string(name) + ".pb");
            std::size_t refused = 0;
            for (std::size_t size = 0; size < whole.size(); ++size) {
                const auto cut = otlpJson(signal, whole.substr(0, size));
                refused += !cut;
                if (!cut)
                    QVERIFY(cut.error().code == Error::Code::InvalidInput && !cut.error().message.empty());
            }
            QVERIFY(refused + 2 >= whole.size()); // the empty request is one
            for (std::size_t at = 0; at < whole.size(); ++at) {
                std::string damaged = whole;
                damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
                const auto json = otlpJson(signal, damaged);
                JsonReader reader;
                QVERIFY(!json || !reader.read(json.value()));
            }
        }
    }

    void hostileRequests()
    {
        std::string deep; // a list in a list in a list …
        for (int i = 0; i < 20'000; ++i) {
            std::string outer;
            appendProtobufBytes(outer, i % 2 == 0 ? 1 : 5, deep);
            deep = outer.size() < 100'000 ? std::move(outer) : deep;
        }
        std::string body, record, scope, resource, request;
        appendProtobufBytes(record, 5, deep);
        appendProtobufBytes(scope, 2, record);
        appendProtobufBytes(resource, 2, scope);
        appendProtobufBytes(request, 1, resource);
        const auto nested = otlpJson(OtlpExport::Logs, request);
        QVERIFY(!nested);
        QVERIFY2(nested.error().message.find("nests deeper") != std::string::npos, nested.error().message.c_str());

        record.clear();
        appendProtobufBytes(record, 12, "\xff\xfe"); // event_name
        scope.clear();
        appendProtobufBytes(scope, 2, record);
        resource.clear();
        appendProtobufBytes(resource, 2, scope);
        request.clear();
        appendProtobufBytes(request, 1, resource);
        const auto text = otlpJson(OtlpExport::Logs, request);
        QVERIFY(!text && text.error().message.find("LogRecord") == 0);

        QCOMPARE(otlpJson(OtlpExport::Logs, "").value(), std::string("{}"));
        QCOMPARE(otlpJson(OtlpExport::Logs, std::string("\xf8\x07\x01", 3)).value(), std::string("{}")); // unknown
        // Known by number, written as something else: another field, as Protocol Buffers has it.
        QCOMPARE(otlpJson(OtlpExport::Logs, std::string("\x08\x01", 2)).value(), std::string("{}"));
        QCOMPARE(QByteArray::fromStdString(rpcStatus(3, "no")).toHex(), QByteArray("080312026e6f"));
    }
};

EVENTOPS_TEST(TestOtlpProtobuf)
#include "tst_otlp_protobuf.moc"
