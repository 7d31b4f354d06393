// SPDX-License-Identifier: MIT
#include "core/codec/envelope_losses.h"

#include "core/codec/codec.h"

namespace eventops {

std::vector<std::string> envelopeLosses(const Batch &batch, const Event &event)
{
    std::vector<std::string> out;
    for (const char *name : {"karma.v1", "monitoring.v1"}) {
        const auto codec = makeCodec(name, Value::map({}));
        LossReport loss;
        if (!codec)
            continue;
        const auto written = codec.value()->encode(batch, event, loss);
        if (!written)
            out.push_back(std::string(name) + ": all of it: " + written.error().message);
        for (const LossReport::Item &item : loss.items)
            out.push_back(std::string(name) + ": " + item.field + ' ' + item.what);
    }
    return out;
}

} // namespace eventops
