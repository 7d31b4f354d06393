// SPDX-License-Identifier: MIT
#pragma once

namespace eventops {

/// Base-2 logarithm and exponential by + − × ÷ alone, so every machine gives the same bits; libm does not.
/// Error below 1e-12 relative for log2 away from 1 (absolute near 1) and for exp2.
/// log2 of 0 or less is −1075 (the smallest double's, minus one); exp2 saturates at 0 and infinity.
double detLog2(double x);
double detExp2(double x);

} // namespace eventops
