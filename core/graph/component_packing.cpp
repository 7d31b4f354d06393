// SPDX-License-Identifier: MIT
#include "core/graph/component_packing.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace eventops {
namespace {

constexpr float Proportion = 1.6F; ///< Width to height of what is packed.
constexpr int OverlapCells = 512;  ///< A side of the grid in which placed boxes are compared.

/// The lower outline of what is packed: from `x` on it lies at `y`, up to the next segment.
struct SkylineSegment {
    float x = 0, y = 0;
};

class Skyline
{
public:
    Skyline(float left, float right, float top) : m_right(right), m_segments{{left, top}} {}

    /// Lowers the outline to @p y between two places.
    void cover(float left, float right, float y)
    {
        const std::size_t first = splitAt(left);
        const std::size_t last = right < m_right ? splitAt(right) : m_segments.size();
        for (std::size_t i = first; i < last; ++i)
            m_segments[i].y = std::max(m_segments[i].y, y);
        merge();
    }

    /// The highest place for a box of that width, the leftmost of those.
    SkylineSegment placeFor(float width) const
    {
        SkylineSegment best{m_segments.front().x, -1.0F};
        bool found = false;
        for (std::size_t i = 0; i < m_segments.size(); ++i) {
            const float x = m_segments[i].x;
            if (x + width > m_right && i > 0)
                break;
            float y = m_segments[i].y;
            for (std::size_t k = i + 1; k < m_segments.size() && m_segments[k].x < x + width; ++k)
                y = std::max(y, m_segments[k].y);
            if (!found || y < best.y) {
                best = {x, y};
                found = true;
            }
        }
        return best;
    }

private:
    std::size_t splitAt(float x)
    {
        std::size_t i = 0;
        while (i < m_segments.size() && m_segments[i].x < x)
            ++i;
        if (i == m_segments.size() || m_segments[i].x > x) {
            const float y = i > 0 ? m_segments[i - 1].y : m_segments.front().y;
            m_segments.insert(m_segments.begin() + static_cast<std::ptrdiff_t>(i), {x, y});
        }
        return i;
    }
    void merge()
    {
        const auto same = [](const SkylineSegment &a, const SkylineSegment &b) { return a.y == b.y; };
        m_segments.erase(std::unique(m_segments.begin(), m_segments.end(), same), m_segments.end());
    }

    float m_right;
    std::vector<SkylineSegment> m_segments;
};

struct Bounds {
    float left = 0, top = 0, right = 0, bottom = 0;
};

Bounds boundsOfPlaced(const std::vector<PackedBox> &boxes)
{
    Bounds bounds;
    bool first = true;
    for (const PackedBox &b : boxes) {
        if (!b.placed)
            continue;
        const Bounds own{b.x, b.y, b.x + b.width, b.y + b.height};
        bounds = first ? own
                       : Bounds{std::min(bounds.left, own.left), std::min(bounds.top, own.top),
                                std::max(bounds.right, own.right), std::max(bounds.bottom, own.bottom)};
        first = false;
    }
    return bounds;
}

bool overlap(const PackedBox &a, const PackedBox &b)
{
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/// Placed boxes that overlap an earlier one lose their place.
void dropOverlapping(std::vector<PackedBox> &boxes, const Bounds &bounds)
{
    const float cell = std::max({bounds.right - bounds.left, bounds.bottom - bounds.top, 1e-3F}) / OverlapCells;
    const auto clampCell = [&](float at, float from) {
        return std::clamp(static_cast<int>((at - from) / cell), 0, OverlapCells - 1);
    };
    std::vector<std::vector<std::uint32_t>> cells(static_cast<std::size_t>(OverlapCells) * OverlapCells);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        PackedBox &box = boxes[i];
        if (!box.placed)
            continue;
        const int left = clampCell(box.x, bounds.left), right = clampCell(box.x + box.width, bounds.left);
        const int top = clampCell(box.y, bounds.top), bottom = clampCell(box.y + box.height, bounds.top);
        const auto eachCell = [&](auto &&visit) {
            for (int row = top; row <= bottom; ++row) {
                for (int column = left; column <= right; ++column)
                    visit(cells[static_cast<std::size_t>(row) * OverlapCells + static_cast<std::size_t>(column)]);
            }
        };
        eachCell([&](const std::vector<std::uint32_t> &held) {
            for (const std::uint32_t other : held)
                box.placed = box.placed && !overlap(box, boxes[other]);
        });
        if (box.placed)
            eachCell([&](std::vector<std::uint32_t> &held) { held.push_back(static_cast<std::uint32_t>(i)); });
    }
}

} // namespace

void packBoxes(std::vector<PackedBox> &boxes)
{
    const bool anyPlaced = std::any_of(boxes.begin(), boxes.end(), [](const PackedBox &b) { return b.placed; });
    if (anyPlaced)
        dropOverlapping(boxes, boundsOfPlaced(boxes));
    float area = 0.0F, widest = 0.0F;
    for (const PackedBox &b : boxes) {
        area += b.width * b.height;
        widest = std::max(widest, b.width);
    }
    const Bounds bounds = boundsOfPlaced(boxes);
    const float width = std::max({widest, std::sqrt(area * Proportion), bounds.right - bounds.left});
    Skyline skyline(bounds.left, bounds.left + width * 1.001F, bounds.top);
    for (const PackedBox &b : boxes) {
        if (b.placed)
            skyline.cover(b.x, b.x + b.width, b.y + b.height);
    }
    for (PackedBox &b : boxes) {
        if (b.placed)
            continue;
        const SkylineSegment at = skyline.placeFor(b.width);
        b.x = at.x;
        b.y = at.y;
        b.placed = true;
        skyline.cover(b.x, b.x + b.width, b.y + b.height);
    }
}

} // namespace eventops
