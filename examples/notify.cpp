// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Print what happens in an array: an IVdsAdviseSink in C++, given to IVdsProviderPrivate::OnLoad.
// Ends on Enter.
//
//	c++ notify.cpp $(pkg-config --cflags --libs libvds) -o notify && ./notify
//
#include <atomic>
#include <cstdio>

#include <vds/libvds.h>

class Sink final : public IVdsAdviseSink {
public:
	HRESULT STDMETHODCALLTYPE
	QueryInterface(REFIID riid, void **ppv) override
	{
		if (riid != IID_IUnknown && riid != IID_IVdsAdviseSink) {
			*ppv = nullptr;
			return E_NOINTERFACE;
		}
		AddRef();
		*ppv = this;
		return S_OK;
	}

	ULONG STDMETHODCALLTYPE
	AddRef() override
	{
		return ++refs;
	}

	ULONG STDMETHODCALLTYPE
	Release() override
	{
		ULONG left = --refs;

		if (left == 0)
			delete this;
		return left;
	}

	// On a thread of the library.  The array is ours to free.
	HRESULT STDMETHODCALLTYPE
	OnNotify(LONG count, VDS_NOTIFICATION *notes) override
	{
		for (LONG i = 0; i < count; i++)
			print(notes[i]);
		CoTaskMemFree(notes);
		return S_OK;
	}

private:
	std::atomic<ULONG> refs{1};

	static void
	print(const VDS_NOTIFICATION &note)
	{
		switch (note.objectType) {
		case VDS_NTT_LUN:
			print("LUN", note.Lun.ulEvent - VDS_NF_LUN_ARRIVE, note.Lun.LunId);
			break;
		case VDS_NTT_TARGET:
			print("target", note.Target.ulEvent - VDS_NF_TARGET_ARRIVE,
			      note.Target.targetId);
			break;
		case VDS_NTT_PORTAL:
			print("portal", note.Portal.ulEvent - VDS_NF_PORTAL_ARRIVE,
			      note.Portal.portalId);
			break;
		case VDS_NTT_PORTAL_GROUP:
			print("portal group", note.PortalGroup.ulEvent - VDS_NF_PORTAL_GROUP_ARRIVE,
			      note.PortalGroup.portalGroupId);
			break;
		case VDS_NTT_SUB_SYSTEM:
			print("subsystem", 2, note.SubSystem.subSystemId);
			break;
		case VDS_NTT_SERVICE:
			std::printf("some notifications were lost: refresh\n");
			break;
		default:
			break;
		}
		std::fflush(stdout);
	}

	static void
	print(const char *what, ULONG event, const VDS_OBJECT_ID &id)
	{
		static const char *const events[] = {"arrived", "departed", "was modified"};

		std::printf("%s %08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x %s\n", what,
			    id.Data1, id.Data2, id.Data3, id.Data4[0], id.Data4[1], id.Data4[2],
			    id.Data4[3], id.Data4[4], id.Data4[5], id.Data4[6], id.Data4[7],
			    event < 3 ? events[event] : "changed");
	}
};

int
main()
{
	IVdsProviderPrivate *provider = nullptr;
	HRESULT hr = VdsOpenHwProvider(nullptr, IID_IVdsProviderPrivate,
				       reinterpret_cast<void **>(&provider));

	if (SUCCEEDED(hr)) {
		Sink *sink = new Sink;

		hr = provider->OnLoad(nullptr, sink);
		sink->Release(); // the provider has a reference of its own
	}
	if (FAILED(hr)) {
		std::fprintf(stderr, "%s: %s\n", VdsErrorText(hr), VdsLastErrorMessage());
		return 1;
	}
	std::printf("Waiting for changes; Enter ends.\n");
	std::fflush(stdout);
	std::getchar();
	provider->OnUnload(FALSE);
	provider->Release();
	return 0;
}
