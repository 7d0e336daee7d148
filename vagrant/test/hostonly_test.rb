# frozen_string_literal: true

# What HostOnly says about versions, subnets and networks.conf.

require_relative '../hostonly'

CASES = [
  # version, networks.conf, subnet, refused
  ['6.1.26', nil, '192.168.99.0/24', false],
  ['6.1.28', nil, '192.168.99.0/24', true],
  ['7.0.14', nil, '192.168.99.0/24', true],
  ['7.0.14', nil, '192.168.56.0/24', false],
  ['7.0.14', nil, '192.168.63.0/24', false],
  ['7.0.14', nil, '192.168.64.0/24', true],
  ['7.0.14', "* 192.168.99.0/24\n", '192.168.99.0/24', false],
  ['7.0.14', "# all\n  * 10.0.0.0/8 192.168.0.0/16\n* 2001::/64\n", '192.168.99.0/24', false],
  ['7.0.14', "* 0.0.0.0/0 ::/0\n", '192.168.99.0/24', false],
  ['7.0.14', "* 192.168.99.0/25\n", '192.168.99.0/24', true],
  ['7.0.14', "# * 192.168.99.0/24\n", '192.168.99.0/24', true],
  ['7.0.14', "* nonsense/99 ::/0\n", '192.168.99.0/24', true],
  ['7.0.14', '', '192.168.56.0/24', true],
  [nil, nil, '192.168.99.0/24', false]
].freeze

wrong = CASES.reject do |version, conf, subnet, refused|
  !HostOnly.problem(subnet, version: version, conf: conf).nil? == refused
end
abort "hostonly_test: wrong about\n#{wrong.map(&:inspect).join("\n")}" unless wrong.empty?
puts "hostonly_test: right about #{CASES.size} cases"
