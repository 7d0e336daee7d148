# frozen_string_literal: true

require 'ipaddr'

# HostOnly knows which networks VirtualBox allows between a machine and its
# guests. From 6.1.28 on, that is 192.168.56.0/21 alone, unless
# /etc/vbox/networks.conf lists others: lines of an asterisk and ranges
# (VirtualBox manual, "Host-Only Networking").
module HostOnly
  FILE = '/etc/vbox/networks.conf'
  SINCE = Gem::Version.new('6.1.28')
  ALWAYS = [IPAddr.new('192.168.56.0/21')].freeze

  # problem says why VirtualBox would refuse a subnet, and what to do; nil where
  # it would not, or where there is no VirtualBox to ask.
  def self.problem(subnet, version: installed, conf: (File.read(FILE) if File.readable?(FILE)))
    return if version.nil? || Gem::Version.new(version) < SINCE

    wanted = IPAddr.new(subnet)
    allowed = conf ? ranges(conf) : ALWAYS
    return if allowed.any? { |range| range.family == wanted.family && range.include?(wanted) }

    <<~TEXT
      VirtualBox #{version} does not allow a host-only network #{subnet}: it allows
      #{allowed.empty? ? 'none' : allowed.map { |r| "#{r}/#{r.prefix}" }.join(', ')} (#{conf ? FILE : "its default, without #{FILE}"}).
        allow it:  sudo mkdir -p /etc/vbox && echo '* #{subnet}' | sudo tee -a #{FILE}
        or take a subnet that it allows:  export HALAB_SUBNET=192.168.56.0/24
    TEXT
  end

  # ranges reads networks.conf; what it can't read, VirtualBox can't either.
  def self.ranges(conf)
    conf.lines.map(&:strip).select { |line| line.start_with?('*') }.flat_map do |line|
      line.delete_prefix('*').split.filter_map do |range|
        IPAddr.new(range)
      rescue IPAddr::Error
        nil
      end
    end
  end

  # installed is VirtualBox's version, "7.0.14".
  def self.installed
    IO.popen(%w[VBoxManage --version], err: File::NULL, &:read)[/\A\d+\.\d+\.\d+/]
  rescue Errno::ENOENT
    nil
  end
end
