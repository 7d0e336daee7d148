package enginetest

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"slices"
	"testing"

	"halab/internal/engine"
)

func (b *bench) imageBasics(t *testing.T) {
	ctx := t.Context()
	for _, ref := range []string{b.image, b.imageID} {
		image, err := b.engine.ImageInspect(ctx, ref)
		b.do(t, "inspect "+ref, err)
		if image.ID != b.imageID || image.Labels[contractLabel] != b.run || image.Size == 0 || !slices.Contains(image.Tags, b.image) {
			t.Errorf("image %s: %+v", ref, image)
		}
	}
	second := "halab-contract/second:" + b.run
	b.do(t, "tag", b.engine.ImageTag(ctx, b.image, second))
	listed, err := b.engine.Images(ctx, b.mine())
	b.do(t, "list", err)
	if len(listed) != 1 || listed[0].ID != b.imageID || !slices.Contains(listed[0].Tags, second) || listed[0].Labels[contractLabel] != b.run {
		t.Errorf("listed: %+v", listed)
	}
	b.do(t, "remove one tag", b.engine.ImageRemove(ctx, second))
	left, err := b.engine.ImageInspect(ctx, b.image)
	b.do(t, "inspect after that", err)
	if !slices.Equal(left.Tags, []string{b.image}) {
		t.Errorf("tags left: %q", left.Tags)
	}
	b.refused(t, "remove it again", b.engine.ImageRemove(ctx, second), engine.ErrNotFound)
	_, err = b.engine.ImageInspect(ctx, second)
	b.refused(t, "inspect what isn't there", err, engine.ErrNotFound)
	b.refused(t, "tag what isn't there", b.engine.ImageTag(ctx, second, "halab-contract/third:"+b.run), engine.ErrNotFound)

	b.create(t, b.spec(b.name("user"), "wait"))
	b.refused(t, "remove an image in use", b.engine.ImageRemove(ctx, b.image), engine.ErrConflict)
}

func (b *bench) imageTravels(t *testing.T) {
	ctx := t.Context()
	saved, err := b.engine.ImageSave(ctx, []string{b.image})
	b.do(t, "save", err)
	archive, err := io.ReadAll(saved)
	b.do(t, "read the archive", err)
	b.do(t, "close the archive", saved.Close())
	b.do(t, "remove", b.engine.ImageRemove(ctx, b.image))
	_, err = b.engine.ImageInspect(ctx, b.imageID)
	b.refused(t, "inspect what was removed", err, engine.ErrNotFound)
	said := 0
	b.do(t, "load", b.engine.ImageLoad(ctx, bytes.NewReader(archive), func(string) { said++ }))
	if said == 0 {
		t.Error("no progress")
	}
	image, err := b.engine.ImageInspect(ctx, b.image)
	b.do(t, "inspect what was loaded", err)
	if image.ID != b.imageID {
		t.Errorf("the ID changed on the way: %s, was %s", image.ID, b.imageID)
	}
	_, err = b.engine.ImageSave(ctx, []string{"halab-contract:none-" + b.run})
	b.refused(t, "save what isn't there", err, engine.ErrNotFound)
}

func (b *bench) imageBuilds(t *testing.T) {
	ctx, tag := t.Context(), "halab-contract/built:"+b.run
	dockerfile := "ARG BASE\nFROM $BASE\nENTRYPOINT [\"" + puppetPath + "\"]\n"
	id, err := b.engine.ImageBuild(ctx, engine.BuildSpec{
		Tags: []string{tag}, Dockerfile: "Dockerfile.test",
		Args:    map[string]string{"BASE": b.image},
		Labels:  map[string]string{contractLabel: b.run, "halab.contract.built": "yes"},
		Context: bytes.NewReader(tarOf(t, "Dockerfile.test", []byte(dockerfile))),
	}, nil)
	b.do(t, "build", err)
	image, err := b.engine.ImageInspect(ctx, tag)
	b.do(t, "inspect", err)
	if image.ID != id || image.Labels["halab.contract.built"] != "yes" {
		t.Errorf("built %s, found %+v", id, image)
	}
	b.do(t, "remove", b.engine.ImageRemove(ctx, id))
}

func (b *bench) networks(t *testing.T) {
	ctx, subnet := t.Context(), netip.MustParsePrefix("10.213.47.0/24")
	wanted := engine.Network{
		Name: b.name("net"), Driver: "bridge", Labels: b.labels(),
		Options: map[string]string{"com.docker.network.bridge.enable_ip_masquerade": "false"},
		Subnets: []netip.Prefix{subnet},
	}
	id, err := b.engine.NetworkCreate(ctx, wanted)
	b.do(t, "create network", err)
	listed, err := b.engine.Networks(ctx, b.mine())
	b.do(t, "list networks", err)
	if len(listed) != 1 || listed[0].ID != id || listed[0].Name != wanted.Name || listed[0].Driver != "bridge" || !slices.Equal(listed[0].Subnets, wanted.Subnets) {
		t.Errorf("listed: %+v", listed)
	}
	_, err = b.engine.NetworkCreate(ctx, engine.Network{Name: wanted.Name, Driver: "bridge", Labels: b.labels()})
	b.refused(t, "create it again", err, engine.ErrConflict)
	other := wanted
	other.Name = b.name("overlap")
	_, err = b.engine.NetworkCreate(ctx, other)
	b.refused(t, "two networks with one subnet", err, engine.ErrConflict)
	spec := b.spec(b.name("host"), "wait")
	spec.NetworkMode, spec.Address, spec.MAC, spec.Hostname = wanted.Name, netip.MustParseAddr("10.213.47.9"), "02:68:c0:d5:2f:09", "nine"
	b.hasMAC(t, b.started(t, spec), spec.MAC)
	twin := spec
	twin.Name = b.name("twin")
	err = b.engine.ContainerStart(ctx, b.create(t, twin))
	b.refused(t, "two containers with one address", err, engine.ErrConflict)
	b.refused(t, "remove a network in use", b.engine.NetworkRemove(ctx, id), engine.ErrConflict)
	b.do(t, "remove the container", b.engine.ContainerRemove(ctx, spec.Name))
	b.do(t, "remove the network", b.engine.NetworkRemove(ctx, wanted.Name))
	b.refused(t, "remove it again", b.engine.NetworkRemove(ctx, id), engine.ErrNotFound)
	orphan := spec
	orphan.Name = b.name("orphan")
	orphanID, err := b.engine.ContainerCreate(ctx, orphan)
	if err == nil { // engines differ in when they look
		t.Cleanup(func() { _ = b.engine.ContainerRemove(context.WithoutCancel(t.Context()), orphanID) })
		err = b.engine.ContainerStart(ctx, orphanID)
	}
	b.refused(t, "start on a network that isn't there", err, engine.ErrNotFound)
}

// hasMAC looks for a hardware address where it is told, in a list and alone,
// and for its end when the container ends.
func (b *bench) hasMAC(t *testing.T, id, want string) {
	t.Helper()
	check := func(want string) {
		t.Helper()
		alone, err := b.engine.Inspect(t.Context(), id)
		b.do(t, "inspect", err)
		if listed := b.listed(t, b.mine())[alone.Name]; listed.MAC != want || alone.MAC != want {
			t.Errorf("MAC %q in the list and %q alone, want %q", listed.MAC, alone.MAC, want)
		}
	}
	check(want)
	b.do(t, "kill", b.engine.ContainerKill(t.Context(), id, ""))
	b.reaches(t, id, engine.StateExited)
	check("")
	b.do(t, "start again", b.engine.ContainerStart(t.Context(), id))
	check(want)
}

// internalNetworks: what is wanted without a way out is made without one.
func (b *bench) internalNetworks(t *testing.T) {
	ctx := t.Context()
	id, err := b.engine.NetworkCreate(ctx, engine.Network{
		Name: b.name("inside"), Driver: "bridge", Labels: b.labels(), Internal: true,
		Subnets: []netip.Prefix{netip.MustParsePrefix("10.213.48.0/24")},
	})
	b.do(t, "create network", err)
	listed, err := b.engine.Networks(ctx, b.mine())
	b.do(t, "list networks", err)
	if len(listed) != 1 || !listed[0].Internal {
		t.Errorf("listed: %+v", listed)
	}
	b.do(t, "remove the network", b.engine.NetworkRemove(ctx, id))
}

func (b *bench) volumes(t *testing.T) {
	ctx := t.Context()
	wanted := engine.Volume{
		Name: b.name("volume"), Driver: "local", Labels: b.labels(),
		Options: map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=1m"},
	}
	b.do(t, "create volume", b.engine.VolumeCreate(ctx, wanted))
	b.do(t, "create it again", b.engine.VolumeCreate(ctx, wanted))
	listed, err := b.engine.Volumes(ctx, b.mine())
	b.do(t, "list volumes", err)
	if len(listed) != 1 || listed[0].Name != wanted.Name || listed[0].Labels[contractLabel] != b.run || listed[0].Options["type"] != "tmpfs" {
		t.Errorf("listed: %+v", listed)
	}
	spec := b.spec(b.name("user"), "wait")
	spec.Mounts = []engine.Mount{{Type: "volume", Source: wanted.Name, Target: "/shared"}}
	spec.Tmpfs, spec.ReadOnly, spec.Init = map[string]string{"/scratch": "size=1m"}, true, true
	id := b.started(t, spec)
	b.refused(t, "remove a volume in use", b.engine.VolumeRemove(ctx, wanted.Name), engine.ErrConflict)
	b.do(t, "remove the container", b.engine.ContainerRemove(ctx, id))
	b.do(t, "remove the volume", b.engine.VolumeRemove(ctx, wanted.Name))
	b.refused(t, "remove it again", b.engine.VolumeRemove(ctx, wanted.Name), engine.ErrNotFound)
}
