// SPDX-License-Identifier: MIT
#include "core/api/traced_exchange.h"

#include "core/base/clock.h"

#include <atomic>
#include <mutex>

namespace eventops::api {
namespace {

class TracedExchange final : public HttpExchange
{
public:
    TracedExchange(std::shared_ptr<HttpExchange> behind, std::shared_ptr<Telemetry> telemetry)
        : m_behind(std::move(behind)), m_telemetry(std::move(telemetry)), m_start(SystemClock().now())
    {
    }
    ~TracedExchange() override { tell(0); }

    const HttpRequest &request() const override { return m_behind->request(); }
    void respond(HttpResponse response) override
    {
        tell(response.status);
        m_behind->respond(std::move(response));
    }
    void beginStream(HttpResponse head, std::function<void()> poll) override
    {
        m_streamStatus = head.status;
        m_behind->beginStream(std::move(head), std::move(poll));
    }
    bool write(std::string bytes) override { return m_behind->write(std::move(bytes)); }
    void end() override
    {
        tell(m_streamStatus);
        m_behind->end();
    }
    std::size_t queuedBytes() const override { return m_behind->queuedBytes(); }
    bool gone() const override { return m_behind->gone(); }
    void matched(std::string_view route) override
    {
        const std::lock_guard lock(m_mutex);
        m_route = route;
    }
    void whenGone(std::function<void()> gone) override { m_behind->whenGone(std::move(gone)); }
    void handOver(std::string head, std::function<void(QTcpSocket *)> taker) override
    {
        tell(SwitchingProtocols);
        m_behind->handOver(std::move(head), std::move(taker));
    }

private:
    static constexpr unsigned SwitchingProtocols = 101;

    /// @p status: 0: as far as a stream came, or never answered.
    void tell(unsigned status)
    {
        if (m_told.exchange(true))
            return;
        if (status == 0)
            status = m_streamStatus != 0 ? m_streamStatus.load() : 500;
        const HttpRequest &asked = m_behind->request();
        Telemetry::Span span;
        span.kind = Telemetry::SpanKind::Server;
        span.start = m_start;
        span.end = SystemClock().now();
        if (const std::string *parent = asked.header("traceparent"))
            span.parent = *parent;
        {
            const std::lock_guard lock(m_mutex);
            span.name = m_route.empty() ? asked.method : asked.method + ' ' + m_route;
            if (!m_route.empty())
                span.attributes.emplace_back("http.route", m_route);
        }
        span.attributes.emplace_back("http.request.method", asked.method);
        span.attributes.emplace_back("url.path", asked.target.substr(0, asked.target.find('?')));
        span.attributes.emplace_back("http.response.status_code", std::int64_t{status});
        if (status >= 500)
            span.error = statusText(status);
        m_telemetry->span(std::move(span));
    }

    const std::shared_ptr<HttpExchange> m_behind;
    const std::shared_ptr<Telemetry> m_telemetry;
    const WallNs m_start;
    std::mutex m_mutex;
    std::string m_route;
    std::atomic<unsigned> m_streamStatus{0};
    std::atomic<bool> m_told{false};
};

} // namespace

std::shared_ptr<HttpExchange> traced(std::shared_ptr<HttpExchange> exchange, std::shared_ptr<Telemetry> telemetry)
{
    return std::make_shared<TracedExchange>(std::move(exchange), std::move(telemetry));
}

} // namespace eventops::api
