// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/chronos_call.h"

namespace eventops::api {

// Chronos' routes, one file a group (contracts C1–C27, section 3.3).
void addChronosSetupRoutes(Router &router, const ChronosTools &tools);     ///< Sources and transformers.
void addChronosEventRoutes(Router &router, const ChronosTools &tools);     ///< Events handed in, raw events.
void addChronosProcessedRoutes(Router &router, const ChronosTools &tools); ///< What transformers made.
void addChronosGraphRoutes(Router &router, const ChronosTools &tools);     ///< Entities and links.
void addChronosClusterRoutes(Router &router, const ChronosTools &tools);   ///< Clusters, kinds of events, health.

} // namespace eventops::api
