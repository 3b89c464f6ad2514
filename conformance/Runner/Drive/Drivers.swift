// The drivers that the command line has.

/// Every wire's driver.
package enum Drivers {
    package static let all: [any Driver] = [RedisDriver(), PostgresDriver(), S3Driver()]
}
