// Which router a session has, if any.

extension Session {
    /// What decides for each command; nil where all of them go, unlooked at, to one backend that asks its clients itself.
    var router: (any RedisRouter)? {
        if listener.routes.count > 1 { return RouteRouter(local.routeTable(of: listener)) }
        if backend.configuration.topology.isCluster { return ClusterRouter(local.cluster(of: backend), self) }
        let looks = listener.door != nil || listener.denials != nil || listener.hasRateLimits
        return looks ? SingleRouter(backend, local) : nil
    }
}
