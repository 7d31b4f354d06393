// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

namespace eventops {

/// Where wall time comes from. Stages never see one: time reaches them as event time and watermark.
/// Thread: any.
class Clock
{
public:
    virtual ~Clock();
    virtual WallNs now() const = 0;
};

class SystemClock final : public Clock
{
public:
    WallNs now() const override;
};

/// Stands still until told otherwise. Thread: one.
class SimClock final : public Clock
{
public:
    explicit SimClock(WallNs start) : m_now(start) {}
    WallNs now() const override { return m_now; }
    void set(WallNs now) { m_now = now; }

private:
    WallNs m_now;
};

} // namespace eventops
